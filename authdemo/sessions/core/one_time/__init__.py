"""What is handed out once and comes back once: tickets, and ways to a provider and back."""
