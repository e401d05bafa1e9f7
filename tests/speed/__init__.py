"""The hot paths are not much slower than they were."""
