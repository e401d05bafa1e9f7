"""The token."""

from __future__ import annotations

import itertools

from pytest_benchmark.fixture import BenchmarkFixture

from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.tokens import Claims, TokenCodec
from authdemo.sessions.core.utils import system_clock
from tests.support.house import OPTIONS, SECRET

CODEC = TokenCodec(KeyRing([SECRET]), issuer="micro", max_age=OPTIONS.max_age)
USER = {"id": "ada", "name": "Ada Lovelace", "email": "ada@example.org", "image": None}


MANY = 20_000
"""More tokens than anybody remembers."""


def claims(sid: str = "a session") -> Claims:
    """Say what a token says that is minted now."""
    now = int(system_clock())
    return Claims(sub="ada", sid=sid, jti="j" * 40, iat=now, exp=now + 900, rev=1, user=USER)


def test_token_mint(benchmark: BenchmarkFixture) -> None:
    """Sign a token."""
    assert benchmark(CODEC.encode, claims())


def test_token_verify_again(benchmark: BenchmarkFixture) -> None:
    """Check a token that was checked a moment ago."""
    token = CODEC.encode(claims())
    assert benchmark(CODEC.decode, token).sub == "ada"


def test_token_verify_another(benchmark: BenchmarkFixture) -> None:
    """Check a token that was not checked for long."""
    tokens = itertools.cycle([CODEC.encode(claims(f"session {n}")) for n in range(MANY)])
    assert benchmark(lambda: CODEC.decode(next(tokens))).sub == "ada"
