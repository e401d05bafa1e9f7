"""An app that is redeployed with another user model on existing sessions."""
