"""What the app promises about speed, measured: `make bench`."""
