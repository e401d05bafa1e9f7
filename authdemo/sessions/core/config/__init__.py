"""What an operator and an app decide, once."""
