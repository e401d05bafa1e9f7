"""The sessions themselves: plain Python, without any web framework."""
