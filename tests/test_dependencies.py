"""What the sources import is declared where it is installed from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {"authdemo", "benchmarks", "docs", "my_app", "tests"}
DISTRIBUTIONS = packages_distributions()

BROUGHT_BY_APPS = {ROOT / "authdemo/sessions/reflex/dependencies.py": {"fastapi"}}
"""What a module imports only once an app has imported it."""

PACKAGE = ROOT / "authdemo/sessions"
ACCOUNTS = ROOT / "authdemo/accounts"
CLI = ROOT / "authdemo/cli"
DEVTOOLS = ROOT / "authdemo/devtools"
SERVE = ROOT / "authdemo/serve"
TESTING = ROOT / "authdemo/testing"
PLUGIN = ROOT / "authdemo/pytest_plugin.py"


def pinned(name: str) -> set[str]:
    """Name what a file of requirements, and those it begins with, have installed."""
    text = (ROOT / name).read_text()
    before = re.findall(r"^-r (.*)", text, re.MULTILINE)
    return named(re.findall(r"^\w.*", text, re.MULTILINE)).union(*map(pinned, before))


def named(requirements: Iterable[str]) -> set[str]:
    """Name what requirements are of."""
    return {spelled(re.split(r"[^\w.-]", each)[0]) for each in requirements}


def spelled(distribution: str) -> str:
    """Spell a name as the index of packages compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def sources(folder: Path, *others: Path) -> Iterator[Path]:
    """List the modules in a folder, but those of other places."""
    for path in folder.rglob("*.py"):
        if not {path, *path.parents}.intersection(others) and "node_modules" not in path.parts:
            yield path


def imported(path: Path) -> Iterator[str]:
    """Name the packages of others that a module imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        others = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS
        yield from others - BROUGHT_BY_APPS.get(path, set())


@pytest.mark.parametrize(
    ("paths", "declared"),
    [
        (sources(PACKAGE), named(PROJECT["dependencies"])),
        (sources(ACCOUNTS), named([*PROJECT["dependencies"], *EXTRAS["accounts"]])),
        (sources(CLI), named([*PROJECT["dependencies"], *EXTRAS["cli"]])),
        (sources(DEVTOOLS), named([*PROJECT["dependencies"], *EXTRAS["devtools"]])),
        (sources(SERVE), named(PROJECT["dependencies"])),
        (sources(TESTING), named([*PROJECT["dependencies"], *EXTRAS["testing"]])),
        (sources(ROOT / "authdemo", TESTING, PLUGIN), pinned("requirements.txt")),
        (sources(ROOT / "tests"), pinned("requirements-dev.txt")),
        (sources(ROOT / "benchmarks"), pinned("requirements-dev.txt")),
    ],
    ids=[
        "package",
        "accounts",
        "cli",
        "devtools",
        "serve",
        "testing",
        "demo",
        "tests",
        "benchmarks",
    ],
)
def test_what_is_imported_is_declared(paths: Iterator[Path], declared: set[str]) -> None:
    needed = {name: path for path in paths for name in imported(path)}
    assert needed
    for name, path in needed.items():
        assert declared.intersection(map(spelled, DISTRIBUTIONS[name])), f"{name} of {path}"


BY_REFLEX = named(each for each in requires("reflex") or () if "extra ==" not in each)
OPTIONAL = sorted(
    name
    for name, distributions in DISTRIBUTIONS.items()
    if {*map(spelled, distributions)}
    & (named(each for extra in EXTRAS.values() for each in extra) - BY_REFLEX)
)
"""What the extras bring, by the names that it is imported by."""

BLOCKED = f"""
import sys

sys.modules.update(dict.fromkeys({OPTIONAL!r}))
"""


def started(code: str) -> subprocess.CompletedProcess[str]:
    """Run code where the extras can't be imported."""
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_sessions_import_without_any_extra() -> None:
    assert {"argon2", "sqlmodel", "uvicorn"} <= {*OPTIONAL}
    ended = started("import authdemo.sessions")
    assert ended.returncode == 0, ended.stderr


LACKING = {
    "accounts": "",
    "cli": "sys.modules['rich'] = None; ",  # Reflex brings it
    "testing": "",
}


@pytest.mark.parametrize("extra", LACKING)
def test_optional_part_names_the_extra_that_it_lacks(extra: str) -> None:
    ended = started(f"{LACKING[extra]}import authdemo.{extra}")
    assert f"authdemo[{extra}]" in ended.stderr.splitlines()[-1]


def test_devtools_name_programs_without_their_extra() -> None:
    assert "ua_parser" in OPTIONAL
    ended = started(
        "from authdemo.devtools.state import client_name\n"
        "assert client_name('curl/8.1') == ('curl', '')\n"
    )
    assert ended.returncode == 0, ended.stderr
