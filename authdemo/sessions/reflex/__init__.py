"""Sessions in Reflex: live state, hooks, the plugin."""
