"""The app on Redis: several workers, one truth."""
