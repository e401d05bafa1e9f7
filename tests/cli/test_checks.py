"""What `authdemo doctor` makes of a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from authdemo.cli import checks
from authdemo.cli.findings import Finding
from authdemo.sessions import CookieOptions, Settings
from authdemo.sessions.http.pages.policy import Policy

STRONG = "y8_VHo19wee4naPds24upuedp7Lx4jgSWHc5rEK5NFI56r5ISfcSwPs21F89aL4x"
REDIS = "redis.example.org:6379"


def read(tmp_path: Path, **environ: str) -> Settings:
    own = {"AUTH_SECRET": STRONG, "AUTH_DATA_DIR": str(tmp_path)}
    return Settings.from_environ(own | environ, keep_secret=False)


def levels(found: Iterable[Finding]) -> list[str]:
    return [each.level for each in found]


@pytest.mark.parametrize(
    ("secret", "level"),
    [
        (STRONG, "ok"),
        (f"{STRONG},{STRONG[::-1]}", "ok"),
        ("a" * 40, "warning"),
        ("changeme" * 5, "warning"),
        (f"{STRONG},{'0123' * 10}", "warning"),
    ],
)
def test_secret_is_judged_by_its_characters(tmp_path: Path, secret: str, level: str) -> None:
    environ = {"AUTH_SECRET": secret}
    settings = read(tmp_path, **environ)
    found = [*checks.check_secret(settings, environ, keep_secret=False)]
    assert levels(found) == [level]
    assert not any(part in str(found) for part in secret.split(","))


def test_missing_secret_is_an_error_unless_the_app_keeps_one(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert levels(checks.check_secret(settings, {}, keep_secret=False)) == ["error"]
    assert levels(checks.check_secret(settings, {}, keep_secret=True)) == ["warning"]


@pytest.mark.parametrize(("mode", "expected"), [(0o600, ["ok"]), (0o640, ["ok", "error"])])
def test_file_of_the_secret_is_private(tmp_path: Path, mode: int, expected: list[str]) -> None:
    path = tmp_path / "secret"
    path.write_text(STRONG)
    path.chmod(mode)
    found = [*checks.check_secret(read(tmp_path), {}, keep_secret=True)]
    assert levels(found) == expected
    assert STRONG not in str(found)


@pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o640, "warning")])
def test_files_of_keys_are_private(tmp_path: Path, mode: int, level: str) -> None:
    path = tmp_path / "key.pem"
    path.touch()
    path.chmod(mode)
    assert levels(checks.check_keys({"AUTH_SIGNING_KEYS": f"{path},"})) == [level]
    assert levels(checks.check_keys({})) == []


@pytest.mark.parametrize(("mode", "level"), [(0o755, "ok"), (0o700, "ok"), (0o775, "error")])
def test_data_folder_is_its_owners(tmp_path: Path, mode: int, level: str) -> None:
    tmp_path.chmod(mode)
    assert levels(checks.check_data(read(tmp_path))) == [level]


CASES: dict[str, tuple[Any, dict[str, str], list[str]]] = {
    "no url": (checks.check_url, {}, ["warning"]),
    "http": (checks.check_url, {"AUTH_URL": "http://localhost:3000"}, ["warning"]),
    "https": (checks.check_url, {"AUTH_URL": "https://app.example"}, ["ok"]),
    "no proxy": (checks.check_proxies, {}, ["ok"]),
    "no proxy for https": (checks.check_proxies, {"AUTH_URL": "https://app.example"}, ["warning"]),
    "a proxy": (checks.check_proxies, {"AUTH_TRUSTED_PROXIES": "10.0.0.0/8,::1"}, ["ok"]),
    "everyone": (checks.check_proxies, {"AUTH_TRUSTED_PROXIES": "0.0.0.0/0"}, ["error"]),
    "everyone by IPv6": (checks.check_proxies, {"AUTH_TRUSTED_PROXIES": "::/0"}, ["error"]),
    "no Redis": (checks.check_redis, {}, []),
    "Redis here": (checks.check_redis, {"REFLEX_REDIS_URL": "redis://localhost"}, ["ok"]),
    "Redis by a file": (checks.check_redis, {"REFLEX_REDIS_URL": "unix:///run/redis"}, ["ok"]),
    "Redis without TLS": (
        checks.check_redis,
        {"REFLEX_REDIS_URL": f"redis://:hush@{REDIS}"},
        ["warning"],
    ),
    "Redis without password": (
        checks.check_redis,
        {"REFLEX_REDIS_URL": f"rediss://{REDIS}"},
        ["warning"],
    ),
    "Redis with both": (
        checks.check_redis,
        {"REFLEX_REDIS_URL": f"rediss://:hush@{REDIS}"},
        ["ok"],
    ),
}


@pytest.mark.parametrize(("check", "environ", "expected"), CASES.values(), ids=CASES)
def test_setting_is_judged(
    tmp_path: Path, check: Any, environ: dict[str, str], expected: list[str]
) -> None:
    found = [*check(read(tmp_path, **environ))]
    assert levels(found) == expected
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("options", "url", "expected"),
    [
        (CookieOptions(), "", ["ok"]),
        (CookieOptions(same_site="none"), "https://app.example", ["warning"]),
        (CookieOptions(same_site="none"), "", ["error", "warning"]),
        (CookieOptions(domain="app.example"), "https://app.example", ["warning"]),
    ],
)
def test_cookies_are_judged(
    tmp_path: Path, options: CookieOptions, url: str, expected: list[str]
) -> None:
    assert levels(checks.check_cookies(options, read(tmp_path, AUTH_URL=url))) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), ["ok"]),
        (Policy({"font-src": ["https://fonts.gstatic.com"]}), ["ok"]),
        (Policy(allow_eval=True), ["warning"]),
        (Policy({"script-src": ["https:"]}), ["warning"]),
        (Policy(coop="unsafe-none"), ["warning"]),
    ],
)
def test_policy_is_judged(policy: Policy, expected: list[str]) -> None:
    assert levels(checks.check_policy(policy)) == expected


def test_unknown_variable_is_named_with_the_nearest() -> None:
    (found,) = checks.check_variables({"AUTH_SECERT": "x", "AUTH_URL": "x", "HOME": "x"})
    assert found.level == "warning"
    assert "'AUTH_SECRET'" in found.meaning
