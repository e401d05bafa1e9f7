"""Those who read: what becomes of their cookies, and of a session that ends meanwhile."""

from __future__ import annotations

import weakref

import pytest

from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.http.context import RequestContexts
from authdemo.sessions.http.cookies import CookieNames
from authdemo.sessions.http.outermost import Origins
from authdemo.sessions.providers.credentials import Credentials
from tests.support.house import ADA, OTHER_SECRET, PASSWORD, SECRET, Person

SESSION = CookieNames.of("http://own.example").session
A_WHILE = 2 * 86_400


@pytest.fixture
def auth(tmp_path, clock):
    settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path)
    providers = [Credentials(authorize=lambda _: None)]
    return Engine(providers=providers, settings=settings, user=Person, clock=clock)


def request(token, **headers):
    own = {"host": "own.example", "cookie": f"{SESSION}={token}", **headers}
    raw = [(name.encode(), value.encode()) for name, value in own.items()]
    return {"type": "http", "scheme": "http", "path": "/", "headers": raw}


OTHER_APP = Engine(
    providers=[Credentials(authorize=lambda _: None)],
    settings=Settings(keys=KeyRing([OTHER_SECRET])),
    user=Person,
)


def another_apps_token(record):
    return OTHER_APP.sessions.serializers.issue_token(record)


def damaged(token):
    return token[:-1] + ("A" if token[-1] != "A" else "B")


COOKIES = {
    "of this app, ended": (lambda _, own: own, "ended", True),
    "of this app, expired": (lambda _, own: own, "expired", True),
    "of this app, from the future": (lambda _, own: own, "step back", False),
    "of this app, damaged": (lambda _, own: damaged(own), "", False),
    "of another app here": (lambda record, _: another_apps_token(record), "", False),
    "encrypted, as Auth.js makes them": (lambda *_: "eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn", "", False),
    "an id, as Auth.js makes them": (lambda *_: "0a2b64b6-1b6f-4f0e-9a53-5d1f4b0d8c3e", "", False),
    "empty": (lambda *_: "", "", False),
}


@pytest.mark.parametrize(("cookie", "event", "taken_back"), COOKIES.values(), ids=COOKIES)
async def test_read_clears_only_dead_tokens_of_this_app(auth, clock, cookie, event, taken_back):
    """Cookies don't know ports: another app on the same host may use the same name."""
    await auth.sessions.store.open()
    record = await auth.sessions.begin(ADA, PASSWORD)
    token = cookie(record, auth.sessions.serializers.issue_token(record))
    match event:
        case "ended":
            await auth.sessions.end(record.id, "signed-out")
        case "expired":
            clock.advance(days=91)
        case "step back":
            clock.advance(days=-3)
    contexts, fresh = RequestContexts(auth, Origins(None)), list[tuple[bytes, bytes]]()
    context = await contexts.load(request(token))
    assert await contexts.renew(fresh, context) is None
    assert [b"Max-Age=0" in value for _, value in fresh] == [True] * taken_back
    await auth.sessions.store.close()


@pytest.mark.parametrize(
    ("headers", "taken_back"), [({}, True), ({"sec-fetch-mode": "cors"}, False)]
)
async def test_read_that_a_sign_out_overtakes_has_no_session(auth, clock, headers, taken_back):
    await auth.sessions.store.open()
    record = await auth.sessions.begin(ADA, PASSWORD)
    contexts, fresh = RequestContexts(auth, Origins(None)), list[tuple[bytes, bytes]]()
    token = auth.sessions.serializers.issue_token(record)
    clock.advance(A_WHILE)
    context = await contexts.load(request(token, **headers))
    assert context.record == record
    await auth.sessions.end(record.id, "signed-out")
    assert await contexts.renew(fresh, context) is None
    assert [b"Max-Age=0" in value for _, value in fresh] == [True] * taken_back
    await auth.sessions.store.close()


class WeakScope(dict[str, object]):
    """A scope that a weak reference can watch."""


async def test_request_is_freed_without_a_search_for_garbage(auth):
    await auth.sessions.store.open()
    token = auth.sessions.serializers.issue_token(await auth.sessions.begin(ADA, PASSWORD))
    scope = WeakScope(request(token))
    context = await RequestContexts(auth, Origins(None)).load(scope)
    assert context.record is not None
    watched = weakref.ref(scope)
    del scope, context
    assert watched() is None
    await auth.sessions.store.close()
