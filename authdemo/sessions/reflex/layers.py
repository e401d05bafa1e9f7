"""What stands in front of a Reflex app, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import reflex as rx
from reflex.constants import Endpoint
from reflex_base.config import get_config
from reflex_base.registry import RegistrationContext
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from ..http.api.endpoints import Endpoints
from ..http.front import Front, Layer
from ..http.messages.forwarded import Forwarded
from ..http.messages.security_headers import Policy
from ..http.pages.page_guard import PageGuard
from ..http.pages.site import Site
from ..http.sockets.connections import Connections
from ..http.sockets.handshake import Handshake
from ..http.sockets.uploads import Uploads
from ..http.visitors import Visitors
from ..providers.federated import Federated
from ..setup.auth import AuthCore
from .tabs.event_guard import EventGuard
from .tabs.frames import Frames


def front_of(
    auth: AuthCore,
    visitors: Visitors,
    connections: Connections,
    endpoints: Endpoints,
    event_guard: EventGuard,
    *,
    site: Path | None,
    also: tuple[str, ...],
    allow_eval: bool,
) -> Front:
    """Put the layers together.

    Args:
        auth: The app's sessions.
        visitors: Knows who sends a request.
        connections: The open sockets.
        endpoints: Answers the requests of `/api/auth`.
        event_guard: Knows which events are for whom.
        site: The built pages, or None if another server serves them.
        also: Other origins whose pages belong to the app.
        allow_eval: Whether the pages' scripts may use `eval`.

    Returns:
        The layers, to be put in front of the app.
    """
    is_event = Frames(RegistrationContext.get()).are_for_us
    layers: list[Layer] = [
        partial(
            Handshake,
            auth=auth,
            visitors=visitors,
            connections=connections,
            path=get_config().prepend_backend_path(str(Endpoint.EVENT)),
            is_event=is_event,
        ),
        partial(
            Uploads,
            auth=auth,
            visitors=visitors,
            connections=connections,
            authorize=event_guard.authorize_files,
        ),
    ]
    if site is not None:
        ways = [way for way in auth.providers.values() if isinstance(way, Federated)]
        targets = dict.fromkeys(way.origin for way in ways if way.origin)
        policy = Policy(allow_eval=allow_eval, form_targets=tuple(targets))
        pages = Site(site, auth.page_rules, policy=policy)
        layers.append(partial(PageGuard, auth=auth, visitors=visitors, site=pages))
    layers.append(endpoints.in_front_of)
    if also:
        layers.append(partial(_open_to, origins=also))
    if auth.settings.trusted_proxies:
        layers.append(partial(Forwarded, proxies=auth.settings.trusted_proxies))
    return Front(layers)


def layers_of(app: rx.App) -> Sequence[Starlette | Callable[[ASGIApp], ASGIApp]]:
    """List the layers that an app has of its own.

    Args:
        app: The app.

    Returns:
        Its API transformers, the innermost first.
    """
    own = app.api_transformer
    if own is None:
        return ()
    return own if isinstance(own, Sequence) else (own,)


def leave_origins_to_us(app: rx.App) -> None:
    """Switch Socket.IO's fixed list of origins off: `Handshake` knows the app's own.

    Args:
        app: The app.
    """
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = []


def _open_to(app: ASGIApp, *, origins: tuple[str, ...]) -> ASGIApp:
    """Let the pages of other origins call, such as those of the development server."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        allow_credentials=True,
    )
