"""A tab's socket without its page: it speaks Engine.IO 4, as Reflex does.

`tests.support.tab` is easier to use; this one is light enough to have thousands of.
"""

from __future__ import annotations

import json
import uuid
from time import perf_counter
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from benchmarks.load.channel import connect, received
from benchmarks.load.wire import UnexpectedAnswer

_CONNECT = b"40/_event,"
_EVENT = b"42/_event,"
_PING, _PONG = b"2", b"3"
_STATUS = b'"status"'
ROOT_STATE = "reflex___state____state"


class TabChannel:
    """An open socket, which waits for a text that the server sends.

    Attributes:
        latencies: How many seconds each text took to come.
        latest: The last event that came.
    """

    def __init__(self, address: tuple[str, int], *, cookies: str = "", path: str = "/") -> None:
        """Connect, and shake hands; the page asks for its state at the first `go`.

        Args:
            address: Where to.
            cookies: The `Cookie` header of the tab's browser.
            path: The page that is open in the tab.
        """
        self.latencies: list[float] = []
        self.latest = b""
        self._path = path
        self._socket = connect(address)
        self._protocol = self._opened(address, cookies)
        self._socket.settimeout(0)
        self._sent = 0.0
        self._expected = b""
        self._say: list[bytes] = []
        self.ask(f"{ROOT_STATE}.hydrate", expects=_STATUS)

    def ask(self, handler: str, *, expects: bytes, **payload: object) -> None:
        """Call an event handler at the next `go`.

        Args:
            handler: Its full name.
            expects: A text that ends the exchange when an event with it comes.
            **payload: What the handler gets.
        """
        place = {"pathname": self._path, "asPath": self._path}
        event = {"name": handler, "payload": payload, "router_data": place}
        self.expect(expects)
        self._say.append(_EVENT + json.dumps(["event", event]).encode())

    def expect(self, text: bytes) -> None:
        """Wait for a text, from the next `go` on."""
        self._expected = text

    def delta(self) -> dict[str, dict[str, Any]]:
        """Read what the last event changed, by state and var."""
        _, update = json.loads(self.latest.removeprefix(_EVENT))
        delta: dict[str, dict[str, Any]] = update["delta"]
        return delta

    def fileno(self) -> int:
        """Name the connection; see `Channel.fileno`."""
        return self._socket.fileno()

    def go(self) -> bool:
        """Say what is to be said, and begin to wait; see `Channel.go`."""
        self._sent = perf_counter()
        for message in self._say:
            self._send(message)
        self._say.clear()
        return bool(self._expected)

    def read(self) -> bool:
        """Take what has arrived; see `Channel.read`."""
        self._protocol.receive_data(received(self._socket))
        ended = False
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode is Opcode.TEXT:
                ended |= self._hear(bytes(frame.data))
        return ended

    def close(self) -> None:
        """Close the connection; see `Channel.close`."""
        self._socket.close()

    def _hear(self, message: bytes) -> bool:
        if message == _PING:
            self._send(_PONG)
        if not message.startswith(_EVENT):
            return False
        self.latest = message
        if not self._expected or self._expected not in message:
            return False
        self.latencies.append(perf_counter() - self._sent)
        self._expected = b""
        return True

    def _send(self, message: bytes) -> None:
        self._protocol.send_text(message)
        self._flush(self._protocol)

    def _flush(self, protocol: ClientProtocol) -> None:
        for chunk in protocol.data_to_send():
            self._socket.sendall(chunk)

    def _opened(self, address: tuple[str, int], cookies: str) -> ClientProtocol:
        host = f"{address[0]}:{address[1]}"
        url = f"ws://{host}/_event/?token={uuid.uuid4()}&EIO=4&transport=websocket"
        protocol = ClientProtocol(parse_uri(url), max_size=None)
        request = protocol.connect()
        request.headers["Origin"] = f"http://{host}"
        if cookies:
            request.headers["Cookie"] = cookies
        protocol.send_request(request)
        self._flush(protocol)
        while not protocol.events_received():
            protocol.receive_data(received(self._socket))
        if protocol.handshake_exc is not None:
            raise UnexpectedAnswer("The server takes no socket.") from protocol.handshake_exc
        protocol.send_text(_CONNECT)
        self._flush(protocol)
        return protocol
