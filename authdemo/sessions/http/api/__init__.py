"""`/api/auth/*`: every address, and the ways in and out."""
