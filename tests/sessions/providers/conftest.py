from __future__ import annotations

from collections.abc import Iterator

import pytest

from authdemo.sessions.providers import OpenIDConnect
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
def provider(cheat: Cheat, clock: FrozenClock) -> OpenIDConnect:
    """What an app knows of it, by a clock that stands still."""
    provider = OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT)
    provider.use_clock(clock)
    return provider


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A small GitHub, where the octocat is signed in."""
    with GitHub(SECRET) as github:
        yield github
