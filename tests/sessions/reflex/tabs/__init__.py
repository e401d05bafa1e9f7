"""What tabs send and ask for."""
