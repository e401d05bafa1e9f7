"""What is good once."""
