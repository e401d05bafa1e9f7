"""Who is signed in: the models, what may change, and how it is kept in JSON."""
