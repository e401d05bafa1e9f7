"""The documentation does what it says: its code runs, its quotations are true, its links lead somewhere."""
