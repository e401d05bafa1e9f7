"""What operators and apps decide."""
