"""The documentation is true: its code runs, its quotations are exact, its links lead somewhere."""
