"""The disk and the processes fail; what was answered holds."""
