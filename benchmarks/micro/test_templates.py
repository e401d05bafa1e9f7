"""A page."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from authdemo.launch import frontend
from authdemo.sessions.core.locales import Locales
from authdemo.sessions.http.pages.render import Template, Translation
from tests.support.server import ROOT

SESSION = {
    "user": {
        "id": "john_doe",
        "name": "John Doe",
        "email": "email@email.email",
        "image": None,
        "role": "user",
    },
    "expires": "2030-01-01T00:00:00.000Z",
    "rev": 1,
}


def test_page_render(benchmark: BenchmarkFixture) -> None:
    """Put a session into the home page, and pack it."""
    frontend.build(ROOT)
    template = Template((ROOT / ".web/build/client/index.html").read_text("utf-8"))
    locales = Locales(ROOT / "authdemo/locales")
    wording = Translation("en", locales.texts("en"))
    page = template.localize(wording)
    assert b">John Doe<" in page.render(SESSION, gzip=False)
    assert benchmark(page.render, SESSION, gzip=True)
