"""Addresses stay at home, and callbacks that fail say so to the log alone."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core import callbacks as cb
from authdemo.sessions.core.errors import AccessDenied, CallbackFailed

OWN = "https://own.example"

AT_HOME = {
    "/": f"{OWN}/",
    "/client": f"{OWN}/client",
    "/client?tab=1#top": f"{OWN}/client?tab=1#top",
    "/a//b": f"{OWN}/a//b",
    "/@evil.example": f"{OWN}/@evil.example",
    "/https://evil.example": f"{OWN}/https://evil.example",
    "/?next=https://evil.example": f"{OWN}/?next=https://evil.example",
    "/%09/evil.example": f"{OWN}/%09/evil.example",
    "/%5Cevil.example": f"{OWN}/%5Cevil.example",
    "/a/./b/../c": f"{OWN}/a/./b/../c",
    "/a?next=//evil.example": f"{OWN}/a?next=//evil.example",
    "/päge": f"{OWN}/päge",
    OWN: OWN,
    f"{OWN}/": f"{OWN}/",
    f"{OWN}/client?tab=1": f"{OWN}/client?tab=1",
    f"{OWN}?tab=1": f"{OWN}?tab=1",
}

ABROAD = [
    "",
    "client",
    "?tab=1",
    "#top",
    ".evil.example",
    "@evil.example",
    ":80@evil.example",
    "https://evil.example",
    "https://evil.example/https://own.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//own.example",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e//evil.example",
    "/%2E.//evil.example",
    "/a/..//evil.example",
    f"{OWN}//evil.example",
    f"{OWN}/.//evil.example",
    f"{OWN}/a/%2e%2e//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "https:\\\\evil.example",
    f"{OWN}\\@evil.example",
    f"{OWN}@evil.example",
    f"{OWN}.evil.example",
    f"{OWN}:443@evil.example",
    f"{OWN}:8443",
    f"{OWN}:443",
    "https://own@evil.example",
    "https://own.example:x@evil.example",
    "https://user@own.example",
    "https://evil.own.example",
    "https://own.examplf",
    "https://own\uff0eexample",
    "https://own.example\u3002evil.example",
    "http://own.example",
    "ftp://own.example",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "javascript://own.example/%0aalert(1)",
    "data:text/html,hello",
    "blob:https://own.example/1",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "/client\r\nSet-Cookie: a=b",
    " /client",
    "/client ",
    " https://evil.example",
    "\x00https://evil.example",
    "/\x00",
    "/\x7f",
    "https://[",
    "https://[::1",
    "/" + "x" * 10_240,
    f"{OWN}/" + "x" * 10_240,
]


@pytest.mark.parametrize(("url", "result"), AT_HOME.items())
def test_an_address_at_home_is_made_absolute(url, result):
    assert cb.safe_redirect_url(url, OWN) == result


@pytest.mark.parametrize("url", ABROAD)
def test_an_address_that_leads_elsewhere_or_nowhere_is_none(url):
    assert cb.safe_redirect_url(url, OWN) is None


@pytest.mark.parametrize("url", ABROAD)
async def test_who_wants_to_go_elsewhere_goes_home(url):
    assert await cb.Callbacks().ask_redirect(url, OWN) == OWN


def origin_for_browsers(url: str) -> str:
    """Where a browser would go, read as the WHATWG's URL standard has it."""
    text = re.sub(r"[\t\n\r]", "", url).strip("".join(map(chr, range(33)))).replace("\\", "/")
    scheme, _, rest = text.partition(":")
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme), "the address is not absolute"
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    return f"{scheme.lower()}://{authority.rpartition('@')[2].lower()}"


PIECES = [
    *(
        "/",
        "//",
        "\\",
        "@",
        ":",
        "?",
        "#",
        ".",
        "..",
        "%",
        "%2f",
        "%5c",
        "%09",
        "\t",
        "\n",
        "\r",
        " ",
    ),
    *(
        "\0",
        "https:",
        "http:",
        "javascript:",
        "own.example",
        "evil.example",
        OWN,
        "[",
        "]",
        "443",
        "。",
    ),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=8).map("".join))
def test_nobody_is_led_elsewhere(url):
    target = cb.safe_redirect_url(url, OWN)
    if target is not None:
        seen = urlsplit(target)
        assert f"{seen.scheme}://{seen.netloc}" == OWN
        assert origin_for_browsers(target) == OWN
        assert not set(target) & set("\t\n\r\0 \\")


@given(st.text())
def test_any_text_leads_home_or_nowhere(url):
    for spelled in (url, f"/{url}", f"{OWN}{url}", f"https://{url}"):
        target = cb.safe_redirect_url(spelled, OWN)
        assert target is None or origin_for_browsers(target) == OWN


class TestCalling:
    async def test_a_plain_function_is_called(self):
        assert await cb.call("double", lambda number: number * 2, number=21) == 42

    async def test_an_async_function_is_awaited(self):
        async def double(number):
            return number * 2

        assert await cb.call("double", double, number=21) == 42

    async def test_what_it_raises_goes_to_the_log_and_not_to_the_client(self, caplog):
        def fail():
            raise RuntimeError("the cause")

        with pytest.raises(CallbackFailed) as failed:
            await cb.call("fail", fail)
        assert "the cause" in caplog.text
        assert "the cause" not in failed.value.message

    async def test_what_it_raises_on_purpose_comes_through(self):
        def refuse():
            raise AccessDenied("Not today.")

        with pytest.raises(AccessDenied, match=r"Not today\."):
            await cb.call("refuse", refuse)


SESSION = {"user": {"id": "ada"}, "expires": "2026-01-01T00:00:00.000Z", "rev": 1}


class TestAnswers:
    """An answer that can't be one is the app's mistake, and the log says which."""

    async def ask(self, name, answer):
        callbacks = cb.Callbacks(**{name: lambda **_: answer})
        questions = {
            "jwt": lambda: callbacks.ask_jwt({"sub": "ada"}, trigger="update"),
            "session": lambda: callbacks.ask_session(dict(SESSION), {}),
            "redirect": lambda: callbacks.ask_redirect("/", OWN),
        }
        return await questions[name]()

    @pytest.mark.parametrize(
        ("name", "answer", "said"),
        [
            ("jwt", True, "returned bool, not dict"),
            ("jwt", "token", "returned str, not dict"),
            ("session", None, "returned NoneType, not dict"),
            ("session", [], "returned list, not dict"),
            ("session", {}, "left out expires, rev, user"),
            ("session", {"user": {}, "expires": ""}, "left out rev"),
            ("redirect", None, "returned NoneType, not str"),
            ("redirect", False, "returned bool, not str"),
        ],
    )
    async def test_one_that_can_not_be_is_refused(self, caplog, name, answer, said):
        with pytest.raises(CallbackFailed):
            await self.ask(name, answer)
        assert f"The callback {name!r} {said}." in caplog.text

    @pytest.mark.parametrize(
        ("name", "answer"),
        [
            ("jwt", None),
            ("jwt", {"user": {}}),
            ("session", {**SESSION, "team": "blue"}),
            ("redirect", "/elsewhere"),
        ],
    )
    async def test_one_that_can_be_is_taken(self, name, answer):
        assert await self.ask(name, answer) == answer
