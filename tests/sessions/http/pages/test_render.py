"""Pages that show a session: whose it is, and nobody else's."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from authdemo.sessions.http.pages.render import Template, Translation

DOCUMENT = (
    '<html lang="en"><head></head><body><h1>{{t.home.title}}</h1>'
    "<p>{{session.user.name}}</p><p>{{session.rev}}</p><p>{{session.user.name.first}}</p></body>"
)
ENGLISH = Translation("en", {"home.title": "100 % yours"})


def session(name: object, rev: int = 1) -> dict[str, object]:
    return {"user": {"name": name}, "rev": rev}


def shown(document: bytes) -> list[str]:
    return re.findall("<p>(.*?)</p>", document.decode())


@pytest.mark.parametrize("is_packed", [True, False])
def test_page_shows_the_session_of_each_request(is_packed):
    localized = Template(DOCUMENT).localize(ENGLISH)
    for name, rev in [("Ada", 1), ("Grace", 1), ("Ada", 1), ("Ada", 2), ("Grace", 1)]:
        page = localized.render(session(name, rev), gzip=is_packed)
        document = gzip.decompress(page) if is_packed else page
        assert shown(document) == [name, str(rev), ""]
        assert b"<h1>100 % yours</h1>" in document
        data = re.search(rb'id="session-data">(.*?)</script>', document)
        assert data
        assert json.loads(data[1]) == session(name, rev)


@pytest.mark.parametrize("name", ["1", 1, 1.0, True, "True", None, "null"])
def test_equal_values_of_other_types_keep_their_spelling(name):
    localized = Template(DOCUMENT).localize(ENGLISH)
    for other in ("1", 1, 1.0, True, "True", None, "null"):
        localized.render(session(other), gzip=False)
    assert shown(localized.render(session(name), gzip=False))[0] == (
        "" if name is None else str(name)
    )


def test_page_without_session_has_empty_values():
    localized = Template(DOCUMENT).localize(ENGLISH)
    assert shown(localized.render(None, gzip=False)) == ["", "", ""]


def test_value_cannot_end_its_element():
    page = Template(DOCUMENT).localize(ENGLISH).render(session("</script><p>&"), gzip=False)
    assert page.count(b"</script>") == 3
    assert shown(page)[0] == "&lt;/script&gt;&lt;p&gt;&amp;"
