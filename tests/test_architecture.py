from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = "authdemo.sessions.core"
LAYERS = (
    f"{CORE}.errors",
    f"{CORE}.utils",
    f"{CORE}.text",
    f"{CORE}.arguments",
    f"{CORE}.authentication",
    f"{CORE}.user_agents",
    f"{CORE}.record",
    f"{CORE}.store",
    f"{CORE}.keys",
    f"{CORE}.tokens",
    f"{CORE}.options",
    f"{CORE}.settings",
    f"{CORE}.rate_limit",
    f"{CORE}.schema",
    CORE,
    "authdemo.sessions.stores",
    "authdemo.sessions.providers",
    "authdemo.sessions.login",
    "authdemo.sessions.engine",
    "authdemo.sessions.http",
    "authdemo.sessions.reflex",
    "authdemo.sessions",
    "authdemo.forgery",
    "authdemo.accounts",
    "authdemo.devtools",
    "authdemo.metrics",
    "authdemo.cli",
    "authdemo.serve",
    "authdemo.seeds",
    "authdemo.auth",
    "authdemo.ui",
    "authdemo.pages",
    "authdemo.authdemo",
    "authdemo.testing",
    "authdemo.pytest_plugin",
)
ACCOUNTS = "authdemo.accounts"
FRAMEWORKS = {
    **dict.fromkeys(
        (
            "alembic",
            "aiosmtplib",
            "argon2",
            "bcrypt",
            "email_validator",
            "psycopg",
            "pyotp",
            "segno",
            "sqlalchemy",
            "sqlmodel",
            "webauthn",
            "zxcvbn",
        ),
        (ACCOUNTS,),
    ),
    **dict.fromkeys(("click", "rich"), ("authdemo.cli",)),
    "reflex": (
        "authdemo.accounts.form",
        "authdemo.accounts.form_state",
        "authdemo.accounts.email_card",
        "authdemo.accounts.link_forms",
        "authdemo.accounts.passkey_form",
        "authdemo.accounts.second_factor_form",
        "authdemo.sessions.reflex",
        "authdemo.devtools",
        "authdemo.testing",
    ),
    "fastapi": ("authdemo.sessions.reflex.dependencies",),
    "httpx": (
        "authdemo.sessions.providers",
        "authdemo.testing",
        "authdemo.cli",
        "authdemo.devtools.attack_runner",
    ),
    "prometheus_client": ("authdemo.metrics",),
    "pytest": (),
    "reflex_base": ("authdemo.sessions.reflex.compat",),
    "redis": ("authdemo.sessions.stores",),
    "starlette": (
        "authdemo.sessions.http",
        "authdemo.sessions.reflex",
        "authdemo.metrics",
        "authdemo.serve",
        "authdemo.testing",
    ),
    "simple_websocket": ("authdemo.testing",),
    "uvicorn": ("authdemo.testing",),
}
FOR_TESTS = ("authdemo.pytest_plugin", "authdemo.testing", "pytest", "uvicorn")
PUBLIC = {
    "authdemo.sessions",
    "authdemo.sessions.components",
    "authdemo.sessions.errors",
    "authdemo.sessions.locales",
    "authdemo.sessions.providers",
    "authdemo.accounts",
    "authdemo.devtools",
}
MODULES = sorted((ROOT / "authdemo").rglob("*.py"))
PACKAGES = sorted(
    path
    for name in ("sessions", "accounts", "cli", "devtools", "metrics", "serve", "testing")
    for path in (ROOT / "authdemo" / name).rglob("*.py")
)
COPIED = sorted(
    path for name in ("pages", "ui") for path in (ROOT / "authdemo" / name).glob("*.py")
)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = frozenset(map(name_of, MODULES))


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    return tuple(_find_imports(path))


def _find_imports(path: Path) -> Iterator[str]:
    package = name_of(path) if path.stem == "__init__" else name_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level]
            source = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                module = f"{source}.{alias.name}"
                yield module if module in NAMES else source


def layer_of(module: str) -> int | None:
    inside = [layer for layer in LAYERS if module == layer or module.startswith(layer + ".")]
    return LAYERS.index(max(inside, key=len)) if inside else None


def imports(paths: Iterable[Path] = MODULES) -> Iterator[tuple[str, str]]:
    """List which module imports which."""
    for path in paths:
        for imported in imports_of(path):
            yield name_of(path), imported


def is_within(module: str, *packages: str) -> bool:
    return f"{module}.".startswith(tuple(f"{package}." for package in packages))


def test_imports_run_one_way() -> None:
    layers = [(own, imported, layer_of(own), layer_of(imported)) for own, imported in imports()]
    upward = [
        (own, imported)
        for own, imported, layer, other in layers
        if layer is not None and other is not None and other > layer
    ]
    assert upward == []


def apart(name: str, other: str) -> tuple[str, str]:
    """Find where two modules part ways: the folders or files that hold them there."""
    own, others = name.split("."), other.split(".")
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(own, others, strict=False))))
    return ".".join(own[: shared + 1]), ".".join(others[: shared + 1])


def test_no_files_and_no_folders_import_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for own, imported in imports():
        if imported in NAMES:
            here, there = apart(own, imported)
            graph.setdefault(here, set()).add(there)
    TopologicalSorter(graph).prepare()


def test_frameworks_stay_in_their_layers() -> None:
    layers = ((own, to, FRAMEWORKS.get(to.partition(".")[0])) for own, to in imports(PACKAGES))
    assert [
        (own, imported)
        for own, imported, allowed in layers
        if allowed is not None and not own.startswith(allowed)
    ] == []


def test_pages_for_newcomers_to_copy_import_only_the_public_api() -> None:
    nodes = (node for path in COPIED for node in ast.walk(ast.parse(path.read_text())))
    named = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    assert {each for each in named if each.startswith("authdemo.sessions")} <= PUBLIC


def loaded_with(module: str) -> set[str]:
    look = f"import sys, {module}; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


def test_nothing_that_is_for_tests_is_loaded_by_the_app() -> None:
    loaded = loaded_with("authdemo.authdemo")
    assert "authdemo.sessions" in loaded
    assert not loaded.intersection(FOR_TESTS)


def test_the_plugin_of_pytest_loads_nothing_before_it_is_asked() -> None:
    assert not loaded_with("authdemo.pytest_plugin").intersection({"authdemo.sessions", "reflex"})


COMPAT = "authdemo.sessions.reflex.compat"


def test_no_module_has_more_than_500_lines() -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert [path for path, count in lines.items() if count > 500] == []


def test_read_and_update_pass_through_few_files() -> None:
    trace = [sys.executable, "-m", "benchmarks.trace"]
    ended = subprocess.run(trace, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


INTERNALS = {
    "cli": {
        COMPAT,
        "authdemo.sessions.core.keys",
        "authdemo.sessions.core.operator",
        "authdemo.sessions.core.settings",
        "authdemo.sessions.http.pages.policy",
    },
    "serve": {COMPAT, "authdemo.sessions.http.pages.render"},
    "testing": {
        COMPAT,
        "authdemo.sessions.http.cookies",
        "authdemo.sessions.http.csrf",
        "authdemo.sessions.reflex.protected",
        "authdemo.sessions.reflex.tabs.state",
        "authdemo.sessions.stores.sqlite",
    },
}
"""What serves an app, and what the test kit needs to run one and to read a tab's state."""


@pytest.mark.parametrize("part", ["accounts", "cli", "devtools", "metrics", "serve", "testing"])
def test_optional_part_imports_only_the_public_api(part: str) -> None:
    allowed = PUBLIC | INTERNALS.get(part, set())
    of_others = {
        (own, imported)
        for own, imported in imports()
        if is_within(own, f"authdemo.{part}") and imported.startswith("authdemo.")
        if not is_within(imported, f"authdemo.{part}", "authdemo.forgery")
    }
    assert {(own, imported) for own, imported in of_others if imported not in allowed} == set()


def test_sessions_import_no_optional_part() -> None:
    imported = {to for own, to in imports() if is_within(own, "authdemo.sessions")}
    ours = {each for each in imported if is_within(each, "authdemo")}
    assert {each for each in ours if not is_within(each, "authdemo.sessions")} == set()


DOCUMENTED = ("reflex.components", "reflex.event", "reflex.plugins", "reflex.state", "reflex.vars")


def test_compat_alone_imports_internals_of_reflex() -> None:
    of_reflex = ((own, to) for own, to in imports() if to.startswith("reflex") and to != "reflex")
    assert {own for own, to in of_reflex if not is_within(to, *DOCUMENTED)} == {COMPAT}


def test_compat_alone_may_use_private_names() -> None:
    """Ruff's SLF001 finds them, in `make check`."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    exempt = {path for path, rules in lint["per-file-ignores"].items() if "SLF001" in rules}
    assert "SLF" in lint["select"]
    assert exempt == {f"{COMPAT.replace('.', '/')}.py"}
    excused = [path.name for path in MODULES if "noqa: SLF001" in path.read_text()]
    assert excused == ["logs.py"]  # of the logging module, as its documentation says


def test_browsers_and_their_profiles_are_opened_where_they_are_closed_safely() -> None:
    callers = [
        str(path.relative_to(ROOT))
        for folder in ("tests", "benchmarks", "docs")
        for path in (ROOT / folder).rglob("*.py")
        if {"chromium.launch", "chromium.new_context", "browser.new_context"}
        & {ast.unparse(node.func).removeprefix("playwright.") for node in _calls(path)}
    ]
    assert callers == ["tests/browser.py"]


def test_no_test_waits_by_code_that_a_page_has_to_evaluate() -> None:
    """`wait_for_function` is one more violation of the policy of pages, now and then."""
    paths = [path for folder in ("tests", "docs") for path in (ROOT / folder).rglob("*.py")]
    assert not [
        path
        for path in paths
        for node in _calls(path)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "wait_for_function"
    ]


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))
