"""What `make bench` serves beside the app, by the app's own launcher and supervisor."""
