"""A secret that is made at the first start and kept in a file, for where none is given."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import ConfigurationError
from ..tokens.keys import MIN_SECRET_BYTES

logger = logging.getLogger("authdemo.sessions")


def kept_secret(path: Path) -> str:
    """Read the secret that an earlier start made, or make it; starts at once agree on one.

    Args:
        path: The file; its folder is made, too.

    Returns:
        The secret.

    Raises:
        ConfigurationError: If the file can't be read or made, or its secret is spoiled.
    """
    try:
        if not path.exists():
            _make(path)
        secret = path.read_text("utf-8", "surrogateescape").strip()
    except OSError as error:
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to: {error}.") from error
    if len(os.fsencode(secret)) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"The secret that is kept in {path} is spoiled: it is shorter than {MIN_SECRET_BYTES} "
            "bytes. Bring the file back from a copy, or delete it: then a new secret is made, and "
            "everybody has to sign in again."
        )
    return secret


def new_secret() -> str:
    """Make a secret."""
    return secrets.token_urlsafe(48)


def _make(path: Path) -> None:
    """Put a whole secret in place at once, unless another start was faster.

    It is on the disk before it is there by its name, so that no power cut leaves an empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(new_secret())
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(draft, path)
            logger.warning(
                "AUTH_SECRET is not set. A secret was made and is kept in %s. "
                "Set AUTH_SECRET to at least %d random bytes to choose it yourself.",
                path,
                MIN_SECRET_BYTES,
            )
    finally:
        Path(draft).unlink()
