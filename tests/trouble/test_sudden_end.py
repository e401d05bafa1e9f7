"""The server is killed while clients are busy: what it acknowledged is there afterwards."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.support.crowd import Crowd, Life
from tests.support.server import Server, running


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_whenever_it_is_killed_nothing_acknowledged_is_lost(tmp_path: Path, rounds: int) -> None:
    dice = random.Random(rounds)
    earlier: list[Life] = []
    latest: list[Life] = []
    for _ in range(rounds):
        with running(tmp_path) as server:
            are_kept(latest, server)
            earlier += latest
            latest = lives_before_a_sudden_end(server, updates=dice.randint(10, 150))
    with running(tmp_path) as server:
        are_kept(earlier + latest, server)


def are_kept(lives: list[Life], server: Server) -> None:
    for life in lives:
        life.is_kept(server)


def lives_before_a_sudden_end(server: Server, *, updates: int) -> list[Life]:
    """Kill the server in the midst of sign-ins, updates and revocations."""
    with Crowd(server) as crowd:
        wait_until(lambda: crowd.acknowledged >= updates, timeout=30, interval=0.001)
        server.kill()
    return crowd.lives
