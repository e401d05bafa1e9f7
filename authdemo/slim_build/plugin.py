"""Tells Reflex's build what to leave out, by the hooks that Reflex and Vite have for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reflex.plugins import Plugin

_FOLDER = Path("slim_build")
_IMPORT = 'import slimBuild from "./slim_build/vite.js";\n'
_PLUGINS = "plugins: ["
_WHOLE_MODULES = re.compile(r"^import \* as \w+ from .*$", re.MULTILINE)
_GLOBALS = re.compile(r"useEffect\(\(\) => \{\s*// Make contexts.*?\}, \[\]\);", re.DOTALL)


class SlimBuild(Plugin):
    """Leaves out of the build what the pages do without; `vite.js` lists it."""

    def get_static_assets(self, **_: Any) -> Sequence[tuple[Path, str | bytes]]:
        """Give the build its scripts."""
        scripts = Path(__file__).parent.glob("*.js")
        return [(_FOLDER / script.name, script.read_text()) for script in scripts]

    def pre_compile(self, **context: Any) -> None:
        """Change what Reflex wrote for the build."""
        context["add_modify_task"]("vite.config.js", _with_our_plugin)
        context["add_modify_task"]("app/root.jsx", _without_globals)


def _with_our_plugin(config: str) -> str:
    if config.startswith(_IMPORT):
        return config
    return _IMPORT + config.replace(_PLUGINS, f"{_PLUGINS}slimBuild(), ", 1)


def _without_globals(root: str) -> str:
    """Leave out what only components made by `eval` look for, which our pages forbid."""
    return _WHOLE_MODULES.sub("", _GLOBALS.sub("", root))
