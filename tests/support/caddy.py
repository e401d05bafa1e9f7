"""A real Caddy that serves by an example's Caddyfile, with certificates of its own authority."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authdemo.testing import free_port, wait_until
from tests import caddy_server


@dataclass(frozen=True)
class Caddy:
    """A Caddy that runs.

    Attributes:
        site: The host name and the port that it serves.
        http_port: Where it redirects from.
        folder: Where it keeps its data.
    """

    site: str
    http_port: int
    folder: Path

    @property
    def url(self) -> str:
        """What visitors type."""
        return f"https://{self.site}"

    @property
    def host(self) -> str:
        """The host name."""
        return self.site.partition(":")[0]

    @property
    def chromium_option(self) -> str:
        """Trust in its intermediate certificate, for Chromium."""
        certificate = x509.load_pem_x509_certificate(self._certificate("intermediate").read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
        return f"--ignore-certificate-errors-spki-list={digest}"

    def get(self, path: str) -> httpx.Response:
        """Send a GET request; only Chromium resolves the host name."""
        root = ssl.create_default_context(cafile=str(self._certificate("root")))
        where = self.url.replace(self.host, "127.0.0.1")
        named: dict[str, Any] = {
            "headers": {"Host": self.site},
            "extensions": {"sni_hostname": self.host},
        }
        with httpx.Client(verify=root) as client:
            return client.get(where + path, **named)

    def _certificate(self, name: str) -> Path:
        return self.folder / "caddy" / "pki" / "authorities" / "local" / f"{name}.crt"


@contextlib.contextmanager
def running(folder: Path, caddyfile: Path, **environ: str) -> Iterator[Caddy]:
    """Start a Caddy, and stop it.

    Args:
        folder: A folder for its data and its log.
        caddyfile: Its configuration.
        **environ: The variables of the configuration; `SITE` is what it serves.
    """
    http_port = free_port()
    only_here = (f"http_port {http_port}", "default_bind 127.0.0.1", "admin off")
    options = "\n".join((*only_here, "skip_install_trust"))
    own = {"CADDY_GLOBAL_OPTIONS": options, "XDG_DATA_HOME": str(folder)}
    log, caddy = folder / "caddy.log", Caddy(environ["SITE"], http_port, folder)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [caddy_server.command(), "run", "--adapter", "caddyfile", "--config", str(caddyfile)],
            env={**os.environ, **own, **environ},
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return caddy.get("/").status_code > 0
        except (OSError, httpx.TransportError):
            return False

    try:
        wait_until(answers, on_timeout=log.read_text)
        yield caddy
    finally:
        process.terminate()
        process.wait(20)
