"""What is protected."""
