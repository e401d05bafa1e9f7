"""For every spelling of a path, the page that is judged is the one that React Router shows."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.apps import environment
from tests.support.browser import Browser
from tests.support.server import Server

PUBLIC = {"about", "post/:slug", "unmarked", "library/*", "attic/stairs", "login"}
NOTHING = "*"
AS_PERSON = {"Accept": "text/html"}
Show = Callable[[str], tuple[str, str]]

NAMES = (
    *("about", "post", "unmarked", "library", "sealed", "attic", "stairs", "login", "drawer"),
    *("council", "reports", "study", "archive", "sensitive", "confirm", "assets", "404"),
)
VALUES = (
    *("index", "INDEX", "index.html", ".html", ".gz", "v1.gz", "x.br", "7", "", ".", ".."),
    *(
        "%2e%2E",
        "a%5Cb",
        "a\\b",
        "a%2Fb",
        "%2F",
        "%25",
        "%00",
        "[number]",
        "[[...splat]]",
        "%C3%9F",
    ),
)
SEGMENTS = (
    st.sampled_from(NAMES)
    | st.sampled_from(NAMES).map(str.upper)
    | st.sampled_from(NAMES).map(lambda name: f"%{ord(name[0]):02x}{name[1:]}")
    | st.sampled_from(NAMES).map(lambda name: f"{name}.html")
    | st.sampled_from(VALUES)
)
ADDRESSES = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@pytest.fixture(scope="module")
def show(app: Server) -> Iterator[Show]:
    """Ask React Router itself what it shows at an address."""
    web = app.log.parent / ".web"
    script = shutil.copy(Path(__file__).parent / "matching.mjs", web)
    env = environment()
    node = shutil.which("node", path=env["PATH"])
    assert node
    with subprocess.Popen(
        [node, script],
        cwd=web,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        questions, answers = process.stdin, process.stdout
        assert questions
        assert answers

        def ask(address: str) -> tuple[str, str]:
            questions.write(json.dumps(address) + "\n")
            questions.flush()
            found = json.loads(answers.readline())
            return found["pathname"], found["shown"]

        yield ask
        questions.close()


@settings(suppress_health_check=list(HealthCheck))
@given(address=ADDRESSES)
def test_page_that_is_judged_is_the_page_that_is_shown(
    app: Server, nobody: Browser, show: Show, address: str
) -> None:
    path, shown = show("http://localhost" + address)
    answer = nobody.get(path, headers=AS_PERSON)
    location = answer.headers.get("Location", "")
    if answer.status_code == 303 and not location.startswith("/login?"):
        path, shown = show(location)
        answer = nobody.get(location, headers=AS_PERSON)
        location = answer.headers.get("Location", "")
    match answer.status_code:
        case 200:
            assert shown in PUBLIC
        case 303:
            assert urlsplit(location).path == "/login"
            _, after = show(parse_qs(urlsplit(location).query)["callbackUrl"][0])
            assert after not in {*PUBLIC, NOTHING}
            assert shown in (after, NOTHING)
        case status:
            assert (status, shown) == (404, NOTHING)
