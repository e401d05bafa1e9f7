"""Session read and update, beside a bare route under the same server program.

`make bench` measures; this only notices when a hot path has become several times slower.
The server's CPU time is compared, as it depends least on what else the machine does, in the
best of several rounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from benchmarks import members, servers
from benchmarks.contest import Contender, fight, repeated
from benchmarks.load.channel import Lines
from benchmarks.servers import Target

READ_AT_LEAST = 0.4
UPDATE_AT_LEAST = 0.04
"""The bare route's CPU time for an answer, as a part of the hot path's."""

CONNECTIONS = 4
ROUNDS = 4
SECONDS = 0.3

pytestmark = pytest.mark.speed


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with servers.bare(tmp_path_factory.mktemp("bare")) as target:
        yield target


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with servers.real(tmp_path_factory.mktemp("app")) as target:
        yield target


def best_ratio(bare: Target, app: Target, lines: Iterable[Lines]) -> float:
    """Find the best ratio of the CPU times, over interleaved rounds."""
    asked = (members.asks_bare(bare.server.host) for _ in range(CONNECTIONS))
    contenders = (
        Contender("bare", repeated(bare, asked)),
        Contender("app", repeated(app, lines)),
    )
    (duels,) = fight(contenders[0], contenders[1:], rounds=ROUNDS, seconds=SECONDS)
    return max(duel.cpu_ratio for duel in duels)


def test_a_session_is_read_fast(bare: Target, app: Target) -> None:
    lines = map(members.reads, members.members(app.server, CONNECTIONS))
    assert best_ratio(bare, app, lines) >= READ_AT_LEAST


def test_a_session_is_updated_fast(bare: Target, app: Target) -> None:
    lines = map(members.updates, members.members(app.server, CONNECTIONS))
    assert best_ratio(bare, app, lines) >= UPDATE_AT_LEAST
