"""Metrics: what happens to sessions, counted for Prometheus.

`count` counts the events of the audit trail, and `routes` serves the counters at `/metrics`. No
label holds a user, an address, or what a client has chosen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest

from prometheus_client import REGISTRY, CollectorRegistry, Counter
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from authdemo.sessions import AuditEvent, Auth, ConfigurationError, public
from authdemo.sessions.errors import NotFound

PATH = "/metrics"
MIN_TOKEN_BYTES = 16
UNCACHED = {"Cache-Control": "no-store"}

__all__ = ["MetricsSettings", "count", "routes"]

_EVENTS = Counter(
    "authdemo_events", "Events of the audit trail.", ["kind", "reason", "provider", "author"]
)


@dataclass(frozen=True)
class MetricsSettings:
    """The operator's settings.

    Attributes:
        is_enabled: Whether the metrics are served.
        token: What a program at another address sends as a bearer token; none by default.
    """

    is_enabled: bool = False
    token: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> MetricsSettings:
        """Read `AUTH_METRICS` and `AUTH_METRICS_TOKEN`.

        Raises:
            ConfigurationError: Names the variable and says what it takes.
        """
        value, token = environ.get("AUTH_METRICS") or "0", environ.get("AUTH_METRICS_TOKEN") or ""
        if value not in ("0", "1"):
            raise ConfigurationError(f"AUTH_METRICS takes 0 or 1; it is {value!r}.")
        if token and not (
            token.isascii() and token.isprintable() and len(token) >= MIN_TOKEN_BYTES
        ):
            raise ConfigurationError(
                f"AUTH_METRICS_TOKEN takes at least {MIN_TOKEN_BYTES} printable ASCII characters."
            )
        return cls(value == "1", token)


def count(event: AuditEvent) -> None:
    """Count an event of the audit trail; call it from `Events(audit=...)`."""
    provider = event.provider
    if event.kind == "sign-in-failed" and provider not in Auth.installed().providers:
        provider = "unknown"  # a client has chosen it
    _EVENTS.labels(event.kind, event.reason, provider, event.author).inc(event.count or 1)


def routes(settings: MetricsSettings | None = None) -> list[Starlette]:
    """Make the app for `rx.App(api_transformer=[...])` that serves the metrics, if it is enabled.

    It serves all metrics of this process, the app's own ones too; of several workers, the sums.

    Raises:
        ConfigurationError: If the environment has no valid settings.
    """
    settings = settings or MetricsSettings.from_environ()
    return [Starlette(routes=[_route(settings.token)])] if settings.is_enabled else []


def _route(token: str) -> Route:
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # of several workers
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]

    @public
    async def metrics(request: Request) -> Response:
        """Serve the metrics to programs on this machine, and to those that have the token."""
        if Auth.is_local(request) or _has_token(request, token):
            encode, kind = choose_encoder(request.headers.get("Accept", ""))
            return Response(encode(registry), headers={**UNCACHED, "Content-Type": kind})
        if token:
            headers = {**UNCACHED, "WWW-Authenticate": "Bearer"}
            return PlainTextResponse("This needs AUTH_METRICS_TOKEN.\n", 401, headers)
        raise NotFound

    return Route(PATH, metrics)


def _has_token(request: Request, token: str) -> bool:
    sent = request.headers.get("Authorization", "")
    return bool(token) and compare_digest(sent.encode(), f"Bearer {token}".encode())
