"""The models of users, and who may change what."""
