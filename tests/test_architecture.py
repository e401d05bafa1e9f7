from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    "authdemo.sessions.core",
    "authdemo.sessions.stores",
    "authdemo.sessions.providers",
    "authdemo.sessions.http",
    "authdemo.sessions.reflex",
    "authdemo.sessions.inspector",
    "authdemo.sessions.workshop",
    "authdemo.sessions",
    "authdemo.accounts",
    "authdemo.auth",
    "authdemo.ui",
    "authdemo.pages",
    "authdemo.authdemo",
)
# Where `core` puts the parts together, it names the parts that it is given.
NAMED_BY_CORE = ("authdemo.sessions.stores", "authdemo.sessions.providers")
FRAMEWORKS = {
    "reflex": (
        "authdemo.sessions.reflex",
        "authdemo.sessions.inspector",
        "authdemo.sessions.workshop",
    ),
    "httpx": ("authdemo.sessions.providers", "authdemo.sessions.workshop"),
    "oauthlib": ("authdemo.sessions.providers",),
    "reflex_base": ("authdemo.sessions.reflex",),
    "redis": ("authdemo.sessions.stores",),
    "starlette": (
        "authdemo.sessions.http",
        "authdemo.sessions.reflex",
        "authdemo.sessions.workshop",
    ),
}
MODULES = sorted((ROOT / "authdemo").rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    package = name_of(path) if path.stem == "__init__" else name_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level]
            yield ".".join([*base, node.module or ""]) if node.level else str(node.module)


def layer_of(module: str) -> int | None:
    inside = [layer for layer in LAYERS if module == layer or module.startswith(layer + ".")]
    return LAYERS.index(max(inside, key=len)) if inside else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_one_way(path: Path) -> None:
    own = layer_of(name_of(path))
    if own is None:
        return
    for imported in imports_of(path):
        other = layer_of(imported)
        named = own == 0 and imported.startswith(NAMED_BY_CORE)
        assert other is None or other <= own or named, f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", sorted((ROOT / "authdemo/sessions").rglob("*.py")), ids=name_of)
def test_frameworks_stay_in_their_layers(path: Path) -> None:
    for imported in imports_of(path):
        framework = imported.partition(".")[0]
        layers = FRAMEWORKS.get(framework)
        assert layers is None or name_of(path).startswith(layers), (
            f"{name_of(path)} imports {imported}"
        )
