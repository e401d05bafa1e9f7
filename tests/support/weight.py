"""What a page weighs: the bytes that a browser receives to show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from authdemo.testing import wait_until


@dataclass
class Scales:
    """Weighs all that a tab loads over HTTP from now on.

    Attributes:
        bytes_of: How many bytes came for each address, heads and all, as they were sent.
    """

    tab: Page
    bytes_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._open: dict[str, str] = {}
        network = self.tab.context.new_cdp_session(self.tab)
        network.on("Network.requestWillBeSent", self._asked)
        network.on("Network.loadingFinished", self._arrived)
        network.on("Network.loadingFailed", self._failed)
        network.send("Network.enable")

    @property
    def total(self) -> int:
        """All bytes together."""
        return sum(self.bytes_of.values())

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        self.tab.wait_for_load_state("networkidle")
        wait_until(lambda: self.tab.evaluate("1") and not self._open)

    def _asked(self, request: dict[str, Any]) -> None:
        if request["request"]["url"].startswith("http"):
            self._open[request["requestId"]] = request["request"]["url"]

    def _arrived(self, end: dict[str, Any]) -> None:
        url = self._open.pop(end["requestId"], None)
        if url is not None:
            self.bytes_of[url] = self.bytes_of.get(url, 0) + int(end["encodedDataLength"])

    def _failed(self, end: dict[str, Any]) -> None:
        self._open.pop(end["requestId"], None)
