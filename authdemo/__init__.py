"""Sessions for Reflex apps, and the app that shows them."""
