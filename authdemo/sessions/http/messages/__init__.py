"""What goes over the wire: cookies, headers, answers, and what they are worth."""
