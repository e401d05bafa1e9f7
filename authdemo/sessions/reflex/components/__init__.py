"""The session in components, and the package's own pages."""
