"""Paths: one spelling for all, read as React Router does."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.rules import canonical, fold, page_address, page_path, pattern_of

SEGMENTS = st.sampled_from(["", ".", "..", "%2e", "%2E.", "a", "%61", "index", "a%2Fb", "x.gz"])
PATHS = st.lists(SEGMENTS | st.text(max_size=4).map(lambda text: quote(text, safe="")), max_size=6)


@pytest.mark.parametrize(
    ("sent", "one"),
    [
        ("", "/"),
        ("//", "/"),
        ("//client", "/client"),
        ("/x/../client", "/client"),
        ("/x/%2e%2E/%63lient", "/client"),
        ("/a/b/.", "/a/b/"),
        ("/a//b/", "/a//b/"),
        ("/../../x", "/x"),
        ("/a%2fb", "/a%2Fb"),
        ("/a\\b", "/a%5Cb"),
        ("/%e4%bd%a0/@ada:1", "/%E4%BD%A0/@ada:1"),
        ("/..%2f..", "/..%2F.."),
    ],
)
def test_canonical_path_is_one_spelling(sent, one):
    assert canonical(sent) == one


@given(PATHS)
def test_canonical_path_stays_as_it_is(segments):
    one = canonical("/" + "/".join(segments))
    assert canonical(one) == one
    assert one.startswith("/")
    assert not one.startswith("//")
    assert not {".", ".."} & set(map(unquote, one.split("/")))


@given(PATHS)
def test_every_spelling_of_a_letter_is_one_path(segments):
    address = "/" + "/".join(segments)
    escaped = "/".join(
        "".join(f"%{octet:02x}" for octet in unquote(part).encode()) for part in address.split("/")
    )
    assert canonical(escaped) == canonical(address)


@given(PATHS)
def test_page_is_the_same_at_its_own_address(segments):
    address = "/" + "/".join(segments)
    assert page_path(page_address(address)) == page_path(address)
    assert "//" not in page_address(address)


def test_escaped_slash_is_no_border():
    assert page_path("/a%2Fb/c") == "/a%2Fb/c"
    assert pattern_of("/[x]/c").fullmatch(fold(page_path("/a%2Fb/c")))


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("/Client", "/cLIENT", True),
        ("/É", "/é", True),
        ("/ß", "/ss", False),
        ("/ſ", "/s", False),
        ("/\u212a", "/k", False),
        ("/ı", "/i", False),
    ],
)
def test_letter_case_is_javascripts(one, other, are_equal):
    assert (fold(one) == fold(other)) is are_equal


@pytest.mark.parametrize("value", ["index", "INDEX", "a\\b", "x.html", ".gz", "%2F", "\n", "[x]"])
def test_value_is_taken_as_it_is(value):
    assert pattern_of("/articles/[slug]").fullmatch(fold(f"/articles/{value}"))
