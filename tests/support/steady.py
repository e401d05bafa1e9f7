"""Updates at a steady rate, for a process of their own: it imports nothing else."""

from __future__ import annotations

import http.client
import json
import sys
import time

TOO_SLOW = 3
"""The exit code of a process whose updates took longer than planned."""


def update(host: str, cookies: str, csrf: str, a_second: int, seconds: int) -> None:
    """Update a session so many times a second."""
    connection = http.client.HTTPConnection(host)
    headers = {"Cookie": cookies, "Content-Type": "application/json"}
    begin = time.perf_counter()
    for number in range(a_second * seconds):
        time.sleep(max(0.0, begin + number / a_second - time.perf_counter()))
        body = json.dumps({"csrfToken": csrf, "data": {"name": f"Ada {number}"}})
        connection.request("POST", "/api/auth/session", body, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    late = time.perf_counter() - begin > seconds * 1.2
    sys.exit(TOO_SLOW if late else 0)
