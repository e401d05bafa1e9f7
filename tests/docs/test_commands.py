"""The commands and variables on the pages exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from authdemo.sessions.providers import presets
from tests.docs.markdown import PAGES, Block, blocks
from tests.support.server import ROOT

CONFIGURATION = ROOT / "docs" / "configuration.md"
COMMANDS = [block for page in PAGES for block in blocks(page, "sh")]
MADE_UP = {
    "ADAS_PASSWORD",
    "MY_APP_DATABASE",
    "MY_APP_PASSWORD",
    "BILLING_URL",
    "JWKS_URL",
    "NEW",
    "OLD",
}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SOURCES = [*(ROOT / "authdemo").rglob("*.py"), ROOT / "rxconfig.py"]
SPELLED = re.findall(r'"([A-Z][A-Z_]{2,}[A-Z])"', "".join(path.read_text() for path in SOURCES))
OF_PROVIDERS = {
    f"{prefix}_{part}" for prefix in presets._PRESETS for part in ("ID", "SECRET", "ISSUER")
}
READ = OF_PROVIDERS.union(SPELLED, {"GRANIAN_WORKERS"})


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_commands_name_targets_and_variables_that_exist(block: Block) -> None:
    assert set(re.findall(r"\bmake ([a-z]+)", block.code)) <= TARGETS
    assert set(re.findall(r"\b([A-Z_]{3,})=", block.code)) <= READ | MADE_UP


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_text_names_variables_and_targets_that_exist(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"\bAUTH_[A-Z_]+\b", text)) <= READ
    assert set(re.findall(r"`make ([a-z]+)`", text)) <= TARGETS


def test_every_variable_that_the_sources_read_is_in_the_tables_of_configuration() -> None:
    rows = re.findall(r"^\| `.*", CONFIGURATION.read_text(), re.MULTILINE)
    listed = set(re.findall(r"`([A-Z_]+)`", "".join(rows)))
    of_providers = {f"AUTH_{name}" for name in listed}
    assert {name for name in SPELLED if name.startswith("AUTH_")} <= listed | of_providers
