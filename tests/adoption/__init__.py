"""The package in other people's hands: installed, set up well, and set up badly."""
