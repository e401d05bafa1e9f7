"""Sessions over HTTP: cookies, `/api/auth/*`, guarded pages and sockets."""
