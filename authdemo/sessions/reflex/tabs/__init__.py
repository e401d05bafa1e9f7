"""Open tabs: what each shows, whose it is, and what its events may do."""
