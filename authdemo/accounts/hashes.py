"""Hashes as the database has them: Argon2, and what reflex-local-auth, Django and Auth.js made."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar, TypeAlias

import bcrypt
from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

MAX_CHARACTERS = 512
MAX_MEMORY = 128 * 1024
"""KiB that one hash may take, unless new ones take more."""

MAX_EFFORT = 16 * MAX_MEMORY
"""KiB that one hash of Argon2 may fill in each lane, unless new ones fill more."""

MAX_LANES = 16
MAX_BCRYPT_COST = 15
MAX_ITERATIONS = 5_000_000
MAX_SCRYPT_WORK = 2**22
_BESIDE_MEMORY = 1024
"""KiB that scrypt may take for its lanes, beside the blocks."""

LOCKED = "!"
"""Begins what no password matches, as in `/etc/shadow` and Django."""

_CORES = os.cpu_count() or 1
_BCRYPT_BYTES = 72
_ROUNDS = 3
_ARGON2 = re.compile(
    r"(argon2)?(\$argon2(?:id|i|d)\$v=1[69]\$m=[1-9][0-9]{0,9},t=[1-9][0-9]{0,9},p=[1-9][0-9]{0,7}"
    r"\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+)"
)
_BCRYPT = re.compile(
    r"(?:bcrypt(_sha256)?\$)?("
    r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31})"
)
_PBKDF2 = re.compile(r"pbkdf2_sha256\$([1-9][0-9]{0,9})\$([^$]+)\$([A-Za-z0-9+/]{43}=)")
_SCRYPT = re.compile(
    r"scrypt\$([1-9][0-9]{0,9})\$([^$]+)\$([1-9][0-9]{0,5})\$([1-9][0-9]{0,5})\$([A-Za-z0-9+/]{86}==)"
)


class InvalidHash(Exception):
    """A hash that can't be checked; says why, without the hash itself."""


@dataclass(frozen=True)
class Argon2:
    """A hash of Argon2; Django writes `argon2` before it."""

    text: str
    parameters: Parameters
    hasher: PasswordHasher
    is_foreign: bool = False

    def matches(self, password: str) -> bool:
        """Check a password."""
        try:
            return self.hasher.verify(self.text, password)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as error:
            raise InvalidHash("a damaged hash of Argon2") from error


@dataclass(frozen=True)
class Bcrypt:
    """A hash of bcrypt, which ignores what follows the first 72 bytes of a password."""

    hashed: bytes
    cost: int
    is_prehashed: bool = False
    is_foreign: ClassVar[bool] = True

    @property
    def work(self) -> float:
        """How many rounds it takes."""
        return float(2**self.cost)

    def matches(self, password: str) -> bool:
        """Check a password."""
        secret = password.encode()
        if self.is_prehashed:
            secret = hashlib.sha256(secret).hexdigest().encode()
        return bcrypt.checkpw(secret[:_BCRYPT_BYTES], self.hashed)


@dataclass(frozen=True)
class Pbkdf2:
    """A hash of PBKDF2 with SHA-256."""

    iterations: int
    salt: bytes
    expected: bytes
    is_foreign: ClassVar[bool] = True

    @property
    def work(self) -> float:
        """How many iterations it takes."""
        return float(self.iterations)

    def matches(self, password: str) -> bool:
        """Check a password."""
        made = hashlib.pbkdf2_hmac("sha256", password.encode(), self.salt, self.iterations)
        return hmac.compare_digest(made, self.expected)


@dataclass(frozen=True)
class Scrypt:
    """A hash of scrypt (RFC 7914)."""

    n: int
    r: int
    p: int
    salt: bytes
    expected: bytes
    is_foreign: ClassVar[bool] = True

    @property
    def work(self) -> float:
        """How many blocks of 128 bytes it fills."""
        return float(self.n * self.r * self.p)

    def matches(self, password: str) -> bool:
        """Check a password."""
        made = hashlib.scrypt(
            password.encode(),
            salt=self.salt,
            n=self.n,
            r=self.r,
            p=self.p,
            maxmem=(MAX_MEMORY + 2 * _BESIDE_MEMORY) * 1024,
            dklen=len(self.expected),
        )
        return hmac.compare_digest(made, self.expected)


Foreign: TypeAlias = Bcrypt | Pbkdf2 | Scrypt
StoredHash: TypeAlias = Argon2 | Foreign

_SAMPLES: dict[type[Foreign], Foreign] = {
    Bcrypt: Bcrypt(b"$2b$05$" + b"." * 53, 5),
    Pbkdf2: Pbkdf2(10_000, b"salt", b""),
    Scrypt: Scrypt(2**10, 8, 1, b"salt", bytes(64)),
}


def read_hash(text: str, hasher: PasswordHasher) -> StoredHash | None:
    """Read a hash; None for an account that no password opens.

    Raises:
        InvalidHash: If it is of no known format, or asks for more than a hash may cost.
    """
    if text.startswith(LOCKED):
        return None
    if len(text) > MAX_CHARACTERS:
        raise InvalidHash(f"{len(text)} characters, of at most {MAX_CHARACTERS}")
    if match := _ARGON2.fullmatch(text):
        return _read_argon2(match, hasher)
    for pattern, read in _FOREIGN:
        if match := pattern.fullmatch(text):
            return read(match)
    raise InvalidHash("not a whole hash of Argon2, bcrypt, or Django's bcrypt, PBKDF2 or scrypt")


def _read_argon2(match: re.Match[str], hasher: PasswordHasher) -> Argon2:
    try:
        found = extract_parameters(match[2])
    except InvalidHashError:
        raise InvalidHash("Argon2 with parameters that can't be read") from None
    current = replace(
        found,
        time_cost=hasher.time_cost,
        memory_cost=hasher.memory_cost,
        parallelism=hasher.parallelism,
    )
    _check("memory in KiB", found.memory_cost, max(MAX_MEMORY, hasher.memory_cost))
    _check("lanes", found.parallelism, max(MAX_LANES, hasher.parallelism))
    _check("KiB to fill", round(effort(found)), max(MAX_EFFORT, round(effort(current))))
    return Argon2(match[2], found, hasher, is_foreign=bool(match[1]))


def _read_bcrypt(match: re.Match[str]) -> Bcrypt:
    cost = int(match[3])
    _check("cost", cost, MAX_BCRYPT_COST)
    return Bcrypt(match[2].encode(), cost, is_prehashed=bool(match[1]))


def _read_pbkdf2(match: re.Match[str]) -> Pbkdf2:
    iterations = int(match[1])
    _check("iterations", iterations, MAX_ITERATIONS)
    return Pbkdf2(iterations, _salt(match[2]), _decoded(match[3]))


def _read_scrypt(match: re.Match[str]) -> Scrypt:
    n, r, p = int(match[1]), int(match[3]), int(match[4])
    if n & (n - 1) or n == 1:
        raise InvalidHash("scrypt whose N is no power of two")
    if n >= 2 ** (16 * min(r, 4)):
        raise InvalidHash("scrypt whose N is too large for its r")
    _check("memory in KiB", n * r // 8, MAX_MEMORY)
    _check("memory beside it in KiB", (p + 2) * r // 8, _BESIDE_MEMORY)
    _check("blocks", n * r * p, MAX_SCRYPT_WORK)
    return Scrypt(n, r, p, _salt(match[2]), _decoded(match[5]))


_FOREIGN: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Foreign]], ...] = (
    (_BCRYPT, _read_bcrypt),
    (_PBKDF2, _read_pbkdf2),
    (_SCRYPT, _read_scrypt),
)


def _check(name: str, value: int, limit: int) -> None:
    if value > limit:
        raise InvalidHash(f"{name}: {value}, of at most {limit}")


def _salt(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidHash("a salt that isn't text") from None


def _decoded(text: str) -> bytes:
    digest = b64decode(text, validate=True)
    if b64encode(digest).decode() != text:
        raise InvalidHash("a digest with bits that Base64 doesn't write")
    return digest


def effort(parameters: Parameters) -> float:
    """Measure Argon2: its time grows with passes times memory, and shrinks with busy lanes."""
    return parameters.time_cost * parameters.memory_cost / lanes(parameters)


def lanes(parameters: Parameters) -> int:
    """Count the lanes that have a core."""
    return min(parameters.parallelism, _CORES)


def foreign_effort(stored: Foreign, memory_cost: int) -> float:
    """Estimate how many KiB Argon2 fills on this machine in the time of another hash."""
    return stored.work * _relative_cost(_SAMPLES[type(stored)], memory_cost)


@cache
def _relative_cost(sample: Foreign, memory_cost: int) -> float:
    hasher = PasswordHasher(1, memory_cost, 1)
    foreign = _seconds(lambda: sample.matches("")) / sample.work
    return foreign * memory_cost / _seconds(lambda: hasher.hash(""))


def _seconds(run: Callable[[], object]) -> float:
    """Take the processor's time, which no other program delays."""
    taken = []
    for _ in range(_ROUNDS):
        began = time.thread_time()
        run()
        taken.append(time.thread_time() - began)
    return max(min(taken), 1e-9)
