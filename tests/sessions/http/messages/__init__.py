"""What goes over the wire, by itself."""
