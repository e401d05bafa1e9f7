"""A proxy as small as can be: it says who asks and that they came by https, and passes bytes on."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from socket import SHUT_WR, create_connection, socket

from tests.support.server import Server

HEAD_ENDS = b"\r\n\r\n"


@contextlib.contextmanager
def proxy(server: Server, *, host: str, client: str) -> Iterator[Server]:
    """Stand in front of an app.

    Args:
        server: The app.
        host: What visitors type.
        client: The address that it names as the sender.
    """

    class Passing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head, rest = _read_head(self.request)
            with create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as app:
                app.sendall(_rewritten(head, host, client) + HEAD_ENDS + rest)
                back = threading.Thread(target=_pass_on, args=(app, self.request))
                back.start()
                _pass_on(self.request, app)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Passing) as listener:
        listener.daemon_threads, listener.block_on_close = True, False
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{listener.server_address[1]}", server.log, server.process)
        listener.shutdown()


def _read_head(visitor: socket) -> tuple[bytes, bytes]:
    received = b""
    while HEAD_ENDS not in received:
        received += visitor.recv(65536)
    head, _, rest = received.partition(HEAD_ENDS)
    return head, rest


def _rewritten(head: bytes, host: str, client: str) -> bytes:
    """Set the headers as a proxy does; one request for each connection, unless it is a socket."""
    request, *lines = head.decode("latin-1").split("\r\n")
    fields = [line.partition(": ") for line in lines]
    headers = {name.lower(): value for name, _, value in fields}
    came_by = headers.get("x-forwarded-for")
    headers["host"] = host
    headers["x-forwarded-for"] = f"{came_by}, {client}" if came_by else client
    headers["x-forwarded-proto"] = "https"
    if "upgrade" not in headers:
        headers["connection"] = "close"
    return "\r\n".join([request, *(f"{k}: {v}" for k, v in headers.items())]).encode("latin-1")


def _pass_on(source: socket, target: socket) -> None:
    with contextlib.suppress(OSError):
        while octets := source.recv(65536):
            target.sendall(octets)
        target.shutdown(SHUT_WR)
