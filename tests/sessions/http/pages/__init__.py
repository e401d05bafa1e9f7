"""Pages and what is put into them."""
