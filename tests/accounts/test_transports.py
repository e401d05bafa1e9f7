"""How mail leaves: by SMTP with and without TLS and login, or into a folder."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import ssl
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from authdemo.accounts import MailRejected, MailUnavailable, transports
from authdemo.accounts.transports import Outbox, Smtp, read_sender, read_transport
from authdemo.sessions import ConfigurationError
from authdemo.testing import free_port
from tests.support.mail import MailServer, OutboxReader, one_login, server_context, text_of


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Example <no-reply@example.org>", "ada@example.org"
    message["Subject"] = "Grüße"
    message.set_content("Hello\n")
    return message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost`, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


class TestSmtp:
    async def test_mail_arrives_with_recipient_and_text(self):
        with MailServer().running() as server:
            await Smtp("127.0.0.1", server.port).send(mail())
        (received,) = server.mails
        assert server.recipients == ["ada@example.org"]
        assert (received["Subject"], text_of(received)) == ("Grüße", "Hello\n")

    @pytest.mark.parametrize("is_tls", [False, True], ids=["starttls", "smtps"])
    async def test_login_is_encrypted(self, certificate, is_tls):
        context = server_context(*certificate)
        tls = {"ssl_context": context} if is_tls else {"tls_context": context}
        options = {
            **tls,
            "require_starttls": not is_tls,
            "authenticator": one_login("me@example.org", "p@ss:word"),
            "auth_required": not is_tls,
            "auth_require_tls": not is_tls,
        }
        with MailServer().running(**options) as server:
            smtp = Smtp(
                "localhost",
                server.port,
                "me@example.org",
                "p@ss:word",
                is_tls=is_tls,
                context=trusting(certificate[0]),
            )
            await smtp.send(mail())
            assert len(server.mails) == 1
            assert is_tls or server.is_encrypted == [True]
            wrong = replace(smtp, password="another")
            with pytest.raises(MailUnavailable, match="code 535"):
                await wrong.send(mail())

    async def test_unknown_certificate_gets_no_mail(self, certificate):
        with MailServer().running(tls_context=server_context(*certificate)) as server:
            with pytest.raises(MailUnavailable):
                await Smtp("localhost", server.port).send(mail())
            assert server.mails == []

    async def test_server_elsewhere_without_starttls_gets_no_mail(self, monkeypatch):
        monkeypatch.setattr(transports, "is_loopback", lambda _: False)
        with MailServer().running() as server:
            with pytest.raises(MailUnavailable):
                await Smtp("127.0.0.1", server.port, "me", "secret").send(mail())
            assert server.mails == []

    @pytest.mark.parametrize("answer", ["550 no such mailbox", "RCPT 550 no such mailbox"])
    async def test_permanent_rejection_is_final(self, answer):
        with (
            MailServer(answer=answer).running() as server,
            pytest.raises(MailRejected, match="code 550"),
        ):
            await Smtp("127.0.0.1", server.port).send(mail())

    @pytest.mark.parametrize("answer", ["451 try later", "RCPT 450 greylisted"])
    async def test_temporary_rejection_is_not_final(self, answer):
        with (
            MailServer(answer=answer).running() as server,
            pytest.raises(MailUnavailable, match="code 45"),
        ):
            await Smtp("127.0.0.1", server.port).send(mail())

    async def test_server_that_is_away_is_unavailable(self):
        with pytest.raises(MailUnavailable):
            await Smtp("127.0.0.1", free_port()).send(mail())

    async def test_server_that_says_nothing_is_unavailable(self, monkeypatch):
        monkeypatch.setattr(transports, "TIMEOUT", 0.2)

        is_closed = asyncio.Event()

        async def say_nothing(reader, writer):
            await reader.read()
            writer.close()
            await writer.wait_closed()
            is_closed.set()

        silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        async with silent:
            port = silent.sockets[0].getsockname()[1]
            with pytest.raises(MailUnavailable):
                await Smtp("127.0.0.1", port).send(mail())
            await is_closed.wait()

    async def test_error_names_neither_recipient_nor_password(self):
        with MailServer(answer="RCPT 550 no such mailbox").running() as server:
            smtp = Smtp("127.0.0.1", server.port, password="secret")
            with pytest.raises(MailRejected) as rejected:
                await smtp.send(mail())
        assert "ada@" not in str(rejected.value)
        assert "secret" not in repr(smtp)


class TestOutbox:
    async def test_mail_is_a_file_that_only_its_owner_reads(self, tmp_path, caplog):
        outbox = Outbox(tmp_path / "outbox")
        with caplog.at_level(logging.INFO):
            await outbox.send(mail())
            await outbox.send(mail())
        files = sorted(outbox.folder.iterdir())
        assert [path.suffix for path in files] == [".eml", ".eml"]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert outbox.folder.stat().st_mode & 0o777 == 0o700
        assert [text_of(each) for each in OutboxReader(outbox.folder).mails()] == ["Hello\n"] * 2
        assert caplog.text.count("AUTH_SMTP_URL is not set") == 1

    async def test_folder_that_can_not_be_written_is_unavailable(self, tmp_path):
        (tmp_path / "outbox").write_text("a file")
        with pytest.raises(MailUnavailable, match="outbox"):
            await Outbox(tmp_path / "outbox").send(mail())


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://mail.example.org", Smtp("mail.example.org", 587)),
            ("smtps://mail.example.org/", Smtp("mail.example.org", 465, is_tls=True)),
            (
                "smtp://me%40example.org:p%3Ass@mail.example.org:25",
                Smtp("mail.example.org", 25, "me@example.org", "p:ss"),
            ),
            ("smtp://[::1]:2525", Smtp("::1", 2525)),
        ],
    )
    def test_url_names_server_and_login(self, tmp_path, url, expected):
        assert read_transport(tmp_path, {"AUTH_SMTP_URL": url}) == expected

    @pytest.mark.parametrize(
        "url",
        ["mail.example.org", "https://x.org", "smtp://", "smtp://x:0", "smtp://x:y", "smtp://x/y"],
    )
    def test_wrong_url_stops_the_start(self, tmp_path, url):
        with pytest.raises(ConfigurationError, match="AUTH_SMTP_URL takes a URL like"):
            read_transport(tmp_path, {"AUTH_SMTP_URL": url})

    def test_wrong_url_is_not_repeated(self, tmp_path):
        with pytest.raises(ConfigurationError) as error:
            read_transport(tmp_path, {"AUTH_SMTP_URL": "smtp://me:secret@x/y"})
        assert "secret" not in str(error.value)

    def test_without_url_mail_goes_to_the_outbox(self, tmp_path):
        transport = read_transport(tmp_path, {})
        assert isinstance(transport, Outbox)
        assert transport.folder == tmp_path / "outbox"

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("a@example.org", "a@example.org"),
            ("Example <a@example.org>", "Example <a@example.org>"),
            ("示例 <a@example.org>", "=?utf-8?b?56S65L6L?= <a@example.org>"),
        ],
    )
    def test_sender_may_have_a_name(self, value, expected):
        assert read_sender({"AUTH_MAIL_FROM": value}) == expected

    @pytest.mark.parametrize(
        "value", ["Example", "a@", "a@example.org\nBcc: b@example.org", "a@x.org, b@x.org", "<>"]
    )
    def test_wrong_sender_stops_the_start(self, value):
        with pytest.raises(ConfigurationError, match="AUTH_MAIL_FROM takes the sender"):
            read_sender({"AUTH_MAIL_FROM": value})

    def test_server_without_sender_stops_the_start(self):
        with pytest.raises(ConfigurationError, match="AUTH_MAIL_FROM"):
            read_sender({"AUTH_SMTP_URL": "smtp://localhost"})


async def test_check_logs_in_and_sends_nothing():
    server = MailServer()
    login = {"authenticator": one_login("app", "hush"), "auth_require_tls": False}
    with server.running(**login):
        await Smtp("127.0.0.1", server.port, username="app", password="hush").check()
        with pytest.raises(MailUnavailable):
            await Smtp("127.0.0.1", server.port, username="app", password="guess").check()
    assert server.mails == []


async def test_check_finds_no_server():
    with pytest.raises(MailUnavailable):
        await Smtp("127.0.0.1", free_port()).check()
