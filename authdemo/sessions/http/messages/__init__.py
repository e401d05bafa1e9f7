"""What goes over the wire: cookies, bodies, headers, answers, and what they are worth."""
