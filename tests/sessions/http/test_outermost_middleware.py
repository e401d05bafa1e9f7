"""Layers in front of an app and of a part of it: each request passes them once."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authdemo.sessions.http.outermost import Origins, OutermostMiddleware


class Stack:
    """A front of two layers, and the names of all that a request came by."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        layers = [self.named("inner"), self.named("outer")]
        self.front = OutermostMiddleware(layers, Origins(None))

    def named(self, name: str, *, answers: bool = False):
        def layer(app: ASGIApp) -> ASGIApp:
            async def stand(scope: Scope, receive: Receive, send: Send) -> None:
                self.seen.append(name)
                if not answers:
                    await app({**scope}, receive, send)

            return stand

        return layer

    async def ask(self, app: ASGIApp, kind: str = "http") -> list[str]:
        self.seen.clear()
        headers = [(b"host", b"localhost")]
        scope = {"type": kind, "method": "GET", "scheme": "http", "path": "/", "headers": headers}
        await app(scope, _hear_nothing, _nothing)
        return self.seen


async def _nothing(*_: object) -> None:
    return None


async def _hear_nothing() -> Message:
    return {}


@pytest.fixture
def stack() -> Stack:
    return Stack()


async def test_layers_run_before_the_app(stack):
    app = stack.front.before(stack.named("app", answers=True)(_nothing))
    assert await stack.ask(app) == ["outer", "inner", "app"]


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
async def test_layers_run_once_however_often_a_request_meets_them(stack, kind):
    app = stack.front.before(stack.named("app", answers=True)(_nothing))
    framework = stack.front.before(stack.named("framework")(app))
    assert await stack.ask(framework, kind) == ["outer", "inner", "framework", "app"]
    again = stack.front.before(framework)
    assert await stack.ask(again, kind) == ["outer", "inner", "framework", "app"]


async def test_app_is_never_reached_without_its_layers(stack):
    app = stack.front.before(stack.named("app", answers=True)(_nothing))
    framework = stack.named("framework")(app)
    assert await stack.ask(framework) == ["framework", "outer", "inner", "app"]
