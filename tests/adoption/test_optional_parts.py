"""What an app doesn't use leaves nothing in what is built: accounts, the DevTools, and the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path

from authdemo.sessions.reflex.compat import BUILD_OWN_PAGES
from tests.support import apps
from tests.support.server import ROOT
from tests.test_dependencies import OPTIONAL

PARTS = ("accounts", "cli", "devtools", "testing")
MADE_BY_NPM = {"node_modules", "build", ".react-router"}
COMPILE = """
import sys

sys.modules.update(dict.fromkeys({blocked!r}))
from reflex.reflex import cli

cli(["compile"], standalone_mode=False)

from my_app.my_app import auth

locales = auth.engine.locales
print("TEXTS", [(each, sorted(locales.texts(each).items())) for each in sorted(locales.languages)])
"""


def compiled(folder: Path, packages: Path, blocked: Collection[str] = ()) -> dict[str, str]:
    """Digest all that production pages are built from, and the texts that the server puts in."""
    ended = subprocess.run(
        [sys.executable, "-c", COMPILE.format(blocked=list(blocked))],
        cwd=folder,
        env=apps.environment()
        | BUILD_OWN_PAGES
        | {"PYTHONPATH": str(packages), "REFLEX_ENV_MODE": "prod", "ADAS_PASSWORD": apps.PASSWORD},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    web = folder / ".web"
    digests = {
        str(file.relative_to(web)): sha256(file.read_bytes()).hexdigest()
        for file in web.rglob("*")
        if file.is_file() and not MADE_BY_NPM.intersection(file.relative_to(web).parts)
    }
    return digests | {"texts": ended.stdout.partition("TEXTS")[2]}


def test_app_is_built_alike_where_the_parts_that_it_does_not_use_are_missing(
    tmp_path: Path,
) -> None:
    folder, rest = tmp_path / "app", tmp_path / "rest"
    apps.write_minimal(folder)
    apps.adopt(folder)
    for left in ("app_components", "public"):
        shutil.rmtree(folder / ".web" / left)
    (folder / ".web" / ".memo-manifest.json").unlink()
    ignored = shutil.ignore_patterns("__pycache__", *PARTS)
    shutil.copytree(ROOT / "authdemo", rest / "authdemo", ignore=ignored)
    assert {"argon2", "sqlalchemy", "ua_parser", "webauthn"} <= {*OPTIONAL}
    without = compiled(folder, rest, OPTIONAL)
    assert len(without) > 10
    assert not [name for name in without if "devtools" in name]
    assert compiled(folder, ROOT) == without

    config = folder / "rxconfig.py"
    config.write_text(config.read_text().replace(':auth")', ':auth", devtools=True)'))
    on = compiled(folder, ROOT)
    assert [name for name in on if "devtools" in name]
    assert on["texts"] != without["texts"]
