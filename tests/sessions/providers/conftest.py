from __future__ import annotations

from collections.abc import Iterator

import pytest

from authdemo.sessions.providers import OpenIDConnect, http_client
from authdemo.testing import FrozenClock
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.github import GitHub

SECRET = "the client's secret for tests, 32 bytes"


@pytest.fixture
def cheat() -> Iterator[Cheat]:
    """A provider that cheats on demand."""
    with Cheat() as cheat:
        yield cheat


@pytest.fixture
def provider(cheat: Cheat, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> OpenIDConnect:
    """That provider as an app configures it; its documents age by the clock of the test."""
    monkeypatch.setattr(http_client, "monotonic", clock)
    return OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A small GitHub, where the octocat is signed in."""
    with GitHub(SECRET) as github:
        yield github
