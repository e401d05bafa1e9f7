"""React Router, asked which page it shows for a path; the rule must be that page's."""

from __future__ import annotations

import json
import os
import re
import subprocess
from itertools import permutations

import pytest

from authdemo.launch import node
from authdemo.sessions.core.rules import PageRules, Rule
from tests.support import apps
from tests.support.server import ROOT

ASK = """
import {matchRoutes} from 'react-router';
const [tables, paths] = JSON.parse(process.argv[1]);
const shown = routes => paths.map(path => matchRoutes(routes, path)?.at(-1).route.id ?? null);
console.log(JSON.stringify(tables.map(shown)));
"""
TABLES = [
    ("index", "about", "[[...splat]]", "posts/[slug]"),
    ("posts", "posts/new", "posts/[slug]/edit", "posts/[[...splat]]"),
    ("[a]/edit", "posts/x/[[...splat]]", "posts/[slug]", "[[...splat]]"),
    ("shop/[[page]]", "shop/[page]/[item]", "[a]/[[...splat]]", "about"),
]
PATHS = sorted(
    {"/", "/about", "/about/us", "/shop", "/shop/2", "/shop/2/3", "/shop/2/3/4", "/elsewhere"}
    | {
        "/posts",
        "/posts/new",
        "/posts/x",
        "/posts/x/edit",
        "/posts/x/y",
        "/posts/x/edit/y",
        "/x/edit",
    }
)


def as_built(route: str) -> dict[str, object]:
    """Spell a route as Reflex's build does for React Router."""
    path = "" if route == "index" else route.replace("[[...splat]]", "*")
    path = re.sub(r"\[(\w+)\]", r":\1", re.sub(r"\[\[(\w+)\]\]", r":\1?", path))
    return {"id": route, "path": path, "index": not path.endswith("*")}


@pytest.fixture(scope="module")
def tables() -> list[tuple[str, ...]]:
    return [order for table in TABLES for order in permutations(table)]


@pytest.fixture(scope="module")
def shown(tables: list[tuple[str, ...]]) -> list[list[str | None]]:
    """The page that is shown for each path, by each table."""
    question = [[list(map(as_built, table)) for table in tables], PATHS]
    command = ["node", "--input-type=module", "--eval", ASK, json.dumps(question)]
    folder, env = apps.installed() / ".web", node.environment(os.environ, ROOT)
    answer = subprocess.check_output(command, cwd=folder, env=env, timeout=60)
    return list(json.loads(answer))


def test_the_rule_is_that_of_the_page_that_is_shown(tables, shown) -> None:
    assert {route for each in shown for route in each} >= {*sum(TABLES, ()), None}
    for table, pages in zip(tables, shown, strict=True):
        own = {route: Rule(roles=frozenset({route})) for route in table}
        rules = PageRules(own, table)
        for path, page in zip(PATHS, pages, strict=True):
            assert rules.of(path) is (own[page] if page else None), (table, path, page)
