"""No form that newcomers copy can put a password into the address bar."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.docs.markdown import PAGES, blocks
from tests.support.server import ROOT

SHOWN = [
    block.code
    for page in PAGES
    for block in blocks(page, "python")
    if "quote" not in block.attributes
]
WRITTEN = [
    path.read_text()
    for folder in ("examples", "authdemo")
    for path in (ROOT / folder).rglob("*.py")
]


def forms(code: str) -> Iterator[ast.Call]:
    """Find where `rx.el.form` or `rx.form` is called."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("rx.el.form", "rx.form"):
            yield node


def said(call: ast.Call, name: str) -> str:
    return next((ast.unparse(each.value) for each in call.keywords if each.arg == name), "")


def asks_for_a_password(form: ast.Call) -> bool:
    return "password" in ast.unparse(form)


def test_a_form_that_asks_for_a_password_is_posted_even_before_its_page_is_live() -> None:
    found = [form for code in (*SHOWN, *WRITTEN) for form in forms(code)]
    asking = [form for form in found if asks_for_a_password(form)]
    assert len(asking) > 2
    assert [ast.unparse(form) for form in asking if said(form, "method") != "'post'"] == []
