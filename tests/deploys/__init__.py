"""An app that is deployed anew, with another model of its users, on the sessions that are there."""
