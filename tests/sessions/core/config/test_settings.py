"""Each variable is read, or the start stops with one line that names it."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.core.options import DAY
from authdemo.sessions.core.settings import Rate, Settings
from tests.support.house import OTHER_SECRET, SECRET


def read(**environ: str) -> Settings:
    return Settings.from_environ({"AUTH_SECRET": SECRET} | environ)


def test_settings_with_a_secret_alone_have_their_defaults():
    settings = read()
    assert settings.url is None
    assert settings.redis_url is None
    assert settings.data_dir == Path(".data")
    assert settings.login_rate == Rate(10, 60)
    assert settings.register_rate == Rate(20, 3600)
    assert settings.session.max_age == 30 * DAY
    assert settings.session.update_age == DAY
    assert settings.session.absolute_age == 90 * DAY


def test_empty_variable_counts_as_unset():
    names = ("AUTH_URL", "REFLEX_REDIS_URL", "AUTH_DATA_DIR", "AUTH_LOGIN_RATE")
    ages = ("AUTH_SESSION_MAX_AGE", "AUTH_SESSION_UPDATE_AGE", "AUTH_SESSION_ABSOLUTE_AGE")
    empty, unset = read(**dict.fromkeys(names + ages, "")), read()
    assert (empty.url, empty.session, empty.login_rate) == (None, unset.session, unset.login_rate)


GOOD_URLS = {
    "https://example.com": "https://example.com",
    "https://example.com/": "https://example.com",
    "https://EXAMPLE.com": "https://example.com",
    "https://example.com:443": "https://example.com",
    "http://shop.test:80": "http://shop.test",
    "http://app:80": "http://app",
    "http://10.0.0.7": "http://10.0.0.7",
    "http://localhost:3000": "http://localhost:3000",
    "http://127.0.0.1:8000": "http://127.0.0.1:8000",
    "http://[::1]:8000": "http://[::1]:8000",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "https://my_app.example": "https://my_app.example",
    "https://3com.example": "https://3com.example",
}


@pytest.mark.parametrize("value", ["http://example.com", "http://8.8.8.8:3000"])
def test_public_host_takes_https(value):
    assert complaint(AUTH_URL=value).startswith("AUTH_URL takes https for a public host")


@pytest.mark.parametrize(("value", "origin"), GOOD_URLS.items())
def test_public_origin_is_spelled_as_browsers_spell_it(value, origin):
    assert read(AUTH_URL=value).url == origin


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "localhost:3000",
        "//example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://example.com/path",
        "https://example.com?query=1",
        "https://example.com#fragment",
        "https://user@example.com",
        "https://:word@example.com",
        "https://example.com:port",
        "https://example.com:70000",
        "https://[example.com",
        "https://example.com https://example.org",
        "https://example.com,https://example.org",
        "https://exam ple.com",
        "https://example.com ",
        "https://*.example.com",
        "https://bücher.example",
        "https://example.com:0",
        "https://..",
        "https://.example.com",
        "https://example..com",
        "https://-example.com",
        "https://999.999.999.999",
        "https://1.2.3",
        "https://example.7",
        "https://[::g]",
        "https://[fe80::1%25eth0]",
        "https://exam\tple.com",
        "https://example.com\n",
        "https://example.com?",
        "https://example.com#",
        "https://@example.com",
        "https://example.com\\",
        " ",
    ],
)
def test_invalid_origin_is_rejected(value):
    assert "AUTH_URL" in complaint(AUTH_URL=value)


def complaint(**environ: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read(**environ)
    assert "\n" not in refused.value.message
    return refused.value.message


AGES = ["AUTH_SESSION_MAX_AGE", "AUTH_SESSION_UPDATE_AGE", "AUTH_SESSION_ABSOLUTE_AGE"]


@pytest.mark.parametrize("name", AGES)
def test_ages_are_whole_seconds(name):
    field = name.removeprefix("AUTH_SESSION_").lower()
    assert getattr(read(**{name: "60"}).session, field) == 60
    assert getattr(read(**{name: str(400 * DAY)}).session, field) == 400 * DAY


@pytest.mark.parametrize("name", AGES)
@pytest.mark.parametrize(
    "value",
    ["-1", "1.5", "1e3", "30d", "0x10", " 60", "60 ", "6_0", "٣", str(400 * DAY + 1), "9" * 99],
)
def test_invalid_age_is_rejected(name, value):
    assert complaint(**{name: value}).startswith(f"{name} takes a number of seconds from ")


def test_only_the_update_age_can_be_zero():
    assert read(AUTH_SESSION_UPDATE_AGE="0").session.update_age == 0
    assert "from 1 to" in complaint(AUTH_SESSION_MAX_AGE="0")
    assert "from 1 to" in complaint(AUTH_SESSION_ABSOLUTE_AGE="0")


@pytest.mark.parametrize(
    ("value", "rate"),
    [("1/second", Rate(1, 1)), ("10/minute", Rate(10, 60)), ("999999/hour", Rate(999_999, 3600))],
)
def test_login_rate_is_a_count_per_period(value, rate):
    assert read(AUTH_LOGIN_RATE=value).login_rate == rate


@pytest.mark.parametrize(
    "value",
    ["0/minute", "-1/minute", "10", "10/day", "/minute", "10 / minute", "1.5/hour", "1٣/hour"],
)
def test_invalid_rate_is_rejected(value):
    assert "AUTH_LOGIN_RATE" in complaint(AUTH_LOGIN_RATE=value)


@pytest.mark.parametrize("name", ["AUTH_UPDATE_RATE", "AUTH_EVENT_RATE", "AUTH_REGISTER_RATE"])
def test_other_rates_are_written_alike(name):
    assert name in complaint(**{name: "fast"})
    limits = read(**{name: "7/second"})
    assert Rate(7, 1) in (limits.update_rate, limits.event_rate, limits.register_rate)


@pytest.mark.parametrize("value", ["0", "1023", "-1", "64K", "1e6", "9999999999"])
def test_invalid_event_size_is_rejected(value):
    assert read(AUTH_EVENT_BYTES="2048").event_bytes == 2048
    assert "AUTH_EVENT_BYTES" in complaint(AUTH_EVENT_BYTES=value)


@pytest.mark.parametrize("value", ["0", "-1", "1k", "1e3", "9999999"])
def test_max_sockets_rejects_other_than_a_number(value):
    assert read(AUTH_MAX_SOCKETS="20").max_sockets == 20
    assert "AUTH_MAX_SOCKETS" in complaint(AUTH_MAX_SOCKETS=value)


@pytest.mark.parametrize("value", ["yes", "2", "01", " 1"])
def test_admin_takes_0_or_1(value: str) -> None:
    assert read().admin
    assert not read(AUTH_ADMIN="0").admin
    assert "AUTH_ADMIN takes 0 or 1" in complaint(AUTH_ADMIN=value)


@pytest.mark.parametrize("value", ["authjs", "my_app", "a", "x" * 64, "!#$%&'*+-.^`|~9"])
def test_cookie_prefix_takes_token(value):
    assert read(AUTH_COOKIE_PREFIX=value).cookie_prefix == value


@pytest.mark.parametrize(
    "value",
    ["a b", "a=b", "a;b", "a,b", 'a"b', "a/b", "a\n", "ä", "x" * 65, "__Host-a", "__secure-a"],
)
def test_cookie_prefix_rejects_other_text_in_one_line(value):
    said = complaint(AUTH_COOKIE_PREFIX=value)
    assert said.startswith("AUTH_COOKIE_PREFIX takes")
    assert "\n" not in said


def test_cookie_prefix_is_authjs_by_default():
    assert read().cookie_prefix == "authjs" == read(AUTH_COOKIE_PREFIX="").cookie_prefix


@pytest.mark.parametrize("value", ["127.0.0.1", "10.0.0.0/8, ::1", " 192.0.2.1 ,, fd00::/8 "])
def test_trusted_proxies_are_addresses_and_networks(value):
    assert read(AUTH_TRUSTED_PROXIES=value).trusted_proxies


@pytest.mark.parametrize("value", ["*", "localhost", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1:80"])
def test_invalid_proxy_is_rejected(value):
    assert "AUTH_TRUSTED_PROXIES" in complaint(AUTH_TRUSTED_PROXIES=value)


def test_proxies_are_not_trusted_by_default():
    assert read().trusted_proxies == ()


@pytest.mark.parametrize(
    "value", ["redis://localhost:6379", "rediss://h/1", "unix:///run/redis.sock"]
)
def test_redis_is_found_by_its_url(value):
    assert read(REFLEX_REDIS_URL=value).redis_url == value
    assert value not in repr(read(REFLEX_REDIS_URL=value))


@pytest.mark.parametrize(
    "value",
    [
        "localhost:6379",
        "http://localhost",
        "redis",
        "redis://",
        "redis://a b",
        "redis://h:port",
        "[::1",
    ],
)
def test_invalid_redis_url_is_rejected(value):
    assert "REFLEX_REDIS_URL" in complaint(REFLEX_REDIS_URL=value)


def test_error_of_a_redis_url_does_not_show_its_password():
    assert "hush" not in complaint(REFLEX_REDIS_URL="http://user:hush@localhost")


class TestSecrets:
    def test_first_of_several_secrets_signs(self):
        ring = read(AUTH_SECRET=f"{OTHER_SECRET}, {SECRET}").keys
        assert ring.signing.secret == OTHER_SECRET.encode()
        assert read().keys.signing.kid in {key.kid for key in ring.all}

    @pytest.mark.parametrize(
        "value", ["", "changeme", f"{SECRET},", f",{SECRET}", f"{SECRET},short"]
    )
    def test_weak_or_empty_secret_stops_the_start(self, value):
        assert complaint(AUTH_SECRET=value).startswith("AUTH_SECRET ")


class TestMadeSecret:
    def start(self, folder: Path) -> bytes:
        return Settings.from_environ({"AUTH_DATA_DIR": str(folder)}).keys.signing.secret

    def test_generated_secret_is_readable_by_its_owner_only(self, tmp_path):
        self.start(tmp_path)
        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600

    def test_generation_leaves_no_other_file(self, tmp_path):
        self.start(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["secret"]

    def test_new_folder_ignores_its_files_in_git_and_an_older_one_is_left_as_it_is(self, tmp_path):
        self.start(tmp_path / "new")
        self.start(tmp_path)
        assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"
        assert not (tmp_path / ".gitignore").exists()

    def test_secret_is_generated_once_and_kept(self, tmp_path):
        assert self.start(tmp_path / "new/folder") == self.start(tmp_path / "new/folder")

    def test_folders_have_different_secrets(self, tmp_path):
        assert self.start(tmp_path / "one") != self.start(tmp_path / "two")

    def test_warning_does_not_show_the_secret(self, tmp_path, caplog):
        secret = self.start(tmp_path).decode()
        assert "AUTH_SECRET is not set" in caplog.text
        assert "Set AUTH_SECRET to at least 32 random bytes" in caplog.text
        assert [entry.levelname for entry in caplog.records] == ["WARNING"]
        assert secret not in caplog.text

    def test_concurrent_threads_agree_on_the_secret(self, tmp_path):
        for attempt in range(20):
            with ThreadPoolExecutor(8) as threads:
                secrets = set(threads.map(self.start, [tmp_path / str(attempt)] * 8))
            assert len(secrets) == 1

    def test_concurrent_processes_agree_on_the_secret(self, tmp_path):
        program = (
            "from authdemo.sessions.core.settings import Settings\n"
            "input()\n"
            f"print(Settings.from_environ({{'AUTH_DATA_DIR': {str(tmp_path)!r}}}).keys.signing.kid)"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [process.communicate()[0] for process in processes]
        assert len(set(answers)) == 1
        assert answers[0].strip()

    @pytest.mark.parametrize("place", ["file", "file/below"])
    def test_invalid_data_folder_stops_the_start(self, tmp_path, place):
        (tmp_path / "file").write_text("not a folder")
        with pytest.raises(ConfigurationError, match="AUTH_DATA_DIR takes a folder"):
            self.start(tmp_path / place)

    @pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 31, b" " * 99])
    def test_damaged_secret_stops_the_start_with_its_path(self, tmp_path, content):
        (tmp_path / "secret").write_bytes(content)
        with pytest.raises(ConfigurationError) as refused:
            self.start(tmp_path)
        assert refused.value.message == (
            f"Invalid secret in {tmp_path / 'secret'} (under 32 bytes). Restore it from a backup, "
            "or delete it: then a new one is created, and all users must sign in again."
        )

    def test_secret_is_synced_before_it_is_renamed(self, tmp_path):
        program = (
            "import os\n"
            "from pathlib import Path\n"
            "def cut(descriptor):\n"
            "    assert os.fstat(descriptor).st_size >= 32\n"
            "    os._exit(7)\n"
            "os.fsync = cut\n"
            "from authdemo.sessions.core.settings import load_or_create_secret\n"
            f"load_or_create_secret(Path({str(tmp_path / 'secret')!r}))"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7
        assert not (tmp_path / "secret").exists()
        assert len(self.start(tmp_path)) >= 32


@pytest.mark.parametrize("value", [" ", "\t", "~nobody-of-that-name/data", "a\0b"])
def test_data_folder_without_a_name_is_rejected(value):
    assert complaint(AUTH_DATA_DIR=value).startswith("AUTH_DATA_DIR takes a folder")


def test_data_folder_can_be_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(AUTH_DATA_DIR="~/data").data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("AUTH_URL", "x"),
        ("AUTH_TRUSTED_PROXIES", "x"),
        ("AUTH_SECRET", "short"),
        ("AUTH_SIGNING_KEYS", "no.pem"),
    ],
)
def test_rejected_settings_leave_no_file(tmp_path, name, bad):
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_environ({"AUTH_DATA_DIR": str(tmp_path / "data"), name: bad})
    assert list(tmp_path.iterdir()) == []


def test_missing_key_file_generates_no_secret(tmp_path):
    with pytest.raises(ConfigurationError, match="AUTH_SIGNING_KEYS"):
        Settings.from_environ({"AUTH_DATA_DIR": str(tmp_path), "AUTH_SIGNING_KEYS": "no.pem"})
    assert list(tmp_path.iterdir()) == []


def test_settings_are_read_without_generating_a_secret(tmp_path):
    settings = Settings.from_environ({"AUTH_DATA_DIR": str(tmp_path / "data")}, keep_secret=False)
    assert settings.has_generated_secret
    assert list(tmp_path.iterdir()) == []


def test_stored_secret_is_read_again(tmp_path):
    environ = {"AUTH_DATA_DIR": str(tmp_path)}
    kept = Settings.from_environ(environ).keys.signing
    assert Settings.from_environ(environ, keep_secret=False).keys.signing == kept
