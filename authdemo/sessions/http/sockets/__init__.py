"""The sockets of tabs: whose they are, and what may come through them."""
