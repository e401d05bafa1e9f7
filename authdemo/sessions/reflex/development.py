"""Has the server of Reflex's development mode send the policy of production, which only reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ..http.pages.policy import RECORDER, SELF, Policy

MODULE = Path("content-policy.js")
"""Where the build finds the plugin of Vite."""

SCRIPT = Path(__file__).with_suffix(".js")

_IMPORT = f'import contentPolicy from "./{MODULE}";\n'
_PLUGINS = "plugins: ["


def report_violations(policy: Policy, api_url: str) -> Callable[[str], str]:
    """Add the plugin to Vite's configuration; the API is another origin then, and allowed."""
    url = urlsplit(api_url)
    host = f"*:{url.port}" if url.port else url.hostname
    api = [f"{scheme}://{host}" for scheme in (url.scheme, url.scheme.replace("http", "ws"))]
    header = policy.of("").replace(SELF, " ".join((SELF, *api)))
    plugin = f"contentPolicy({json.dumps(header)}, {json.dumps(RECORDER)})"

    def with_plugin(config: str) -> str:
        if config.startswith(_IMPORT):
            return config
        return _IMPORT + config.replace(_PLUGINS, f"{_PLUGINS}{plugin}, ", 1)

    return with_plugin
