"""The reference says what the docstrings say, and the changelog what the version is."""

from __future__ import annotations

import builtins
import inspect
import re
from importlib import import_module
from typing import get_args

import httpx
import pytest

from authdemo import __version__, sessions
from authdemo.sessions import components, providers
from authdemo.sessions.core.audit import AuditKind
from docs.make_reference import CHAPTERS, INTERNAL, PAGE, public_names, reference
from tests.docs.markdown import GUIDES, PAGES
from tests.support.server import ROOT


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "make reference"


@pytest.mark.parametrize(("chapter", "module"), CHAPTERS.items())
def test_public_names_are_in_the_reference(chapter: str, module: str) -> None:
    page = PAGE.read_text()
    assert f"\n## {chapter}\n\nIn `{module}`.\n" in page
    for name in public_names(module):
        heading = re.search(rf"^### `{name}\b[^\n]*\n\n(.*)", page, re.MULTILINE)
        assert heading, name
        assert heading[1][:1].isupper(), name


@pytest.mark.parametrize("module", CHAPTERS.values())
def test_public_methods_have_docstrings(module: str) -> None:
    internal = {f"{name}.{method}" for name, methods in INTERNAL.items() for method in methods}
    public = [getattr(import_module(module), name) for name in public_names(module)]
    methods = [
        method
        for each in filter(inspect.isclass, public)
        for method in vars(each).values()
        if inspect.isfunction(method) and method.__name__[0] not in "_<"
        if method.__module__.startswith("authdemo")  # and not of pydantic or dataclasses
    ]
    assert {each.__qualname__ for each in methods if not each.__doc__} <= internal


def test_documented_errors_can_be_imported() -> None:
    raised = set(re.findall(r"^- `(\w+)`: If ", PAGE.read_text(), re.MULTILINE))
    offered = {name for each in CHAPTERS.values() for name in public_names(each)}
    assert "StoreUnavailable" in raised
    assert raised <= {*offered, *vars(builtins), *vars(httpx)}


def test_sessions_itself_has_few_names() -> None:
    assert len(sessions.__all__) <= 30


def test_reference_leaves_out_methods_that_only_the_package_calls() -> None:
    page = PAGE.read_text()
    public = {**vars(components), **vars(providers), **vars(sessions)}
    for name, methods in INTERNAL.items():
        for method in methods:
            assert hasattr(public[name], method), method
            assert f"#### `{name}.{method}(" not in page


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.findall(
        r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest[0] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_guide_to_the_audit_trail_names_every_kind_of_event() -> None:
    guide = (GUIDES / "logging-and-audit.md").read_text()
    named = guide.partition("`kind` is one of ")[2].partition(". ")[0]
    assert sorted(re.findall(r"`([a-z-]+)`", named)) == sorted(get_args(AuditKind))


def test_pages_install_the_unpublished_package_from_a_clone() -> None:
    text = "".join(page.read_text() for page in PAGES if page != PAGE)
    assert re.findall(r"pip install [\"']?authdemo\b", text) == []
