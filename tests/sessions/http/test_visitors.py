"""Those who read: what becomes of their cookies, and of a session that ends meanwhile."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.config.settings import Settings
from authdemo.sessions.core.tokens.keys import KeyRing
from authdemo.sessions.http.messages.cookies import CookieNames
from authdemo.sessions.http.messages.origin import Origins
from authdemo.sessions.http.visitors import Visitors
from authdemo.sessions.providers.credentials import Credentials
from authdemo.sessions.setup.auth import AuthCore
from tests.support.house import ADA, PASSWORD, SECRET, Person

SESSION = CookieNames.of("http://own.example").session
A_WHILE = 2 * 86_400


@pytest.fixture
def auth(tmp_path, clock):
    settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path)
    providers = [Credentials(authorize=lambda _: None)]
    return AuthCore(providers=providers, settings=settings, user=Person, clock=clock)


def request(token, **headers):
    own = {"host": "own.example", "cookie": f"{SESSION}={token}", **headers}
    raw = [(name.encode(), value.encode()) for name, value in own.items()]
    return {"type": "http", "scheme": "http", "path": "/", "headers": raw}


@pytest.mark.parametrize(
    ("headers", "taken_back"), [({}, True), ({"sec-fetch-mode": "cors"}, False)]
)
async def test_a_read_that_a_sign_out_overtakes_is_nobodys(auth, clock, headers, taken_back):
    await auth.sessions.store.open()
    record = await auth.sessions.sign_in(ADA, PASSWORD)
    visitors, fresh = Visitors(auth, Origins(None)), list[tuple[bytes, bytes]]()
    token = auth.sessions.faces.mint(record)
    clock.advance(A_WHILE)
    visitor = await visitors.receive(request(token, **headers))
    assert visitor.record == record
    await auth.sessions.sign_out(record.id)
    assert await visitors.refresh(fresh, visitor) is None
    assert [b"Max-Age=0" in value for _, value in fresh] == [True] * taken_back
    await auth.sessions.store.close()
