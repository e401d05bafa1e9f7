"""The testing kit, in the hands of those who test apps of their own."""
