"""Light pages: what Reflex gives every page and ours can do without stays out of the build."""
