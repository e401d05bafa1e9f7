"""The queue of mails: what is kept, sent, tried again, and dropped, in any database."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import get_args

import pytest
from sqlmodel import func, select

from authdemo.accounts import MailRejected, MailUnavailable
from authdemo.accounts import mail as module
from authdemo.accounts.link_tokens import RESET
from authdemo.accounts.models import LinkRow, MailRow
from authdemo.accounts.transports import Smtp
from authdemo.testing import free_port
from tests.accounts.conftest import ADA, FORM, GRACE, Postbox
from tests.support.mail import LINK, MailServer, link_in, text_of, token_in

ORIGIN = "http://localhost:3000"


async def queued(office):
    return await office.accounts.database.run(
        lambda session: len(session.exec(select(MailRow)).all())
    )


async def due_in(office):
    """How many seconds the next mail waits."""
    query = select(func.min(MailRow.due_at))
    due_at = await office.accounts.database.run(lambda session: session.exec(query).one())
    return 0 if due_at is None else due_at - office.now


async def test_mail_is_sent_in_plain_text_and_html(open_office):
    async with open_office() as office:
        await office.mail.send(ADA, "password_changed")
        await office.deliver()
        (mail,) = office.postbox.mails
        assert await queued(office) == 0
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "Your password was changed")
    assert "The account ada has a new password." in text_of(mail)
    html = mail.get_body(("html",)).get_content()
    assert '<html lang="en">' in html
    assert "The account ada has a new password." in html
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_template_is_whole_in_each_language(open_office, language):
    values = {"device": "Firefox", "ip": "192.0.2.1", "time": "noon", "reason": "a ticket"}
    templates = get_args(module.Template)
    async with open_office() as office:
        for template in templates:
            await office.mail.send(ADA, template, origin=ORIGIN, language=language, **values)
            await office.deliver()
        mails = office.postbox.mails
    for mail, template in zip(mails, templates, strict=True):
        text = text_of(mail)
        assert mail["Subject"].strip()
        assert "ada" in text
        assert not any(mark in text for mark in "{}")
        assert mail["Content-Language"] == language
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text) == (language == "zh")
        assert len(LINK.findall(text)) == (template in module.LINKS)


async def test_account_keeps_the_language_of_its_reader(open_office):
    async with open_office() as office:
        await office.mail.send(ADA, "password_changed", language="zh")
        await office.mail.send(ADA, "passkey_added")
        await office.mail.send(GRACE, "passkey_added")
        await office.deliver()
        languages = [(mail["To"], mail["Content-Language"]) for mail in office.postbox.mails]
    assert sorted(languages) == [
        ("ada@example.org", "zh"),
        ("ada@example.org", "zh"),
        ("grace@example.org", "en"),
    ]


async def test_what_users_choose_adds_no_header_and_no_markup(open_office):
    async with open_office() as office:
        evil = ADA.model_copy(update={"name": "Ada\r\nBcc: evil@example.org <b>"})
        reason = "<script>alert(1)</script>\r\nBcc: evil@example.org"
        await office.mail.send(evil, "impersonated", reason=reason)
        await office.deliver()
        (mail,) = office.postbox.mails
    assert mail["Bcc"] is None
    assert mail["To"] == "ada@example.org"
    assert "<script>" not in mail.get_body(("html",)).get_content()


async def test_address_that_is_none_is_dropped(open_office, caplog):
    async with open_office() as office:
        await office.mail.send(ADA, "password_changed", to="ada@example.org\r\nBcc: x@example.org")
        await office.mail.send(GRACE, "password_changed")
        await office.deliver()
        assert [mail["To"] for mail in office.postbox.mails] == ["grace@example.org"]
        assert await queued(office) == 0
    assert "is dropped" in caplog.text


async def test_queue_holds_no_token(open_office):
    async with open_office() as office:
        await office.mail.send(ADA, "reset", origin=ORIGIN)
        await office.deliver()
        token = link_in(office.postbox.newest()).partition("token=")[2]

        def kept(session):
            return [row.model_dump() for row in session.exec(select(LinkRow)).all()]

        (row,) = await office.accounts.database.run(kept)
    assert len(token) == 43
    assert token not in str(row)


async def test_mails_wait_while_the_server_is_away(open_office, caplog):
    async with open_office() as office:
        server = MailServer(port=free_port())
        away = replace(office.mail, _transport=Smtp("127.0.0.1", server.port))
        await away.send(ADA, "reset", origin=ORIGIN)
        await away.send_due()
        assert await away.is_delayed()
        assert await away.send_due() > 0  # it doesn't try again at once
        with server.running():
            office.now += 5
            await away.send_due()
            assert [mail["To"] for mail in server.mails] == ["ada@example.org"]
        assert not await away.is_delayed()
        assert await queued(office) == 0
        link = await office.links.look(token_in(server.mails[0]), RESET)
        assert link.account_id == "ada"
    assert caplog.text.count("Mails wait in the queue.") == 1


async def test_each_retry_waits_longer_until_the_mail_is_given_up(open_office, monkeypatch, caplog):
    monkeypatch.setattr(module, "MAX_AGE", 7200)
    async with open_office() as office:
        office.postbox.error = MailUnavailable("away")
        await office.mail.send(ADA, "password_changed")
        begun, waits = office.now, []
        while await queued(office):
            await office.mail.send_due()
            waits.append(await due_in(office))
            office.now += waits[-1]
    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 1800
    assert office.now - begun > 7200
    assert "is given up" in caplog.text


async def test_rejected_mail_is_dropped_and_others_are_sent(open_office, caplog):
    async with open_office() as office:
        office.postbox.error = MailRejected("no such mailbox")
        await office.mail.send(ADA, "password_changed")
        await office.mail.send_due()
        office.postbox.error = None
        await office.mail.send(GRACE, "password_changed")
        await office.deliver()
        assert [mail["To"] for mail in office.postbox.mails] == ["grace@example.org"]
    assert "A mail (password_changed) is dropped. no such mailbox" in caplog.text


async def test_transport_that_fails_or_hangs_is_tried_again(open_office, monkeypatch, caplog):
    monkeypatch.setattr(module, "_SEND_TIMEOUT", 0.05)

    class Broken(Postbox):
        async def send(self, message):
            if len(self.mails) == 0:
                self.mails.append(message)
                raise ZeroDivisionError
            await asyncio.sleep(60)

    async with open_office() as office:
        broken = replace(office.mail, _transport=Broken())
        await broken.send(ADA, "password_changed")
        await broken.send_due()
        office.now += 5
        await broken.send_due()
        assert await queued(office) == 1
        office.now += 10
        await office.deliver()
        assert len(office.postbox.mails) == 1
    assert "The app's mail transport failed." in caplog.text


async def test_two_workers_send_a_mail_once(open_office):
    async with open_office() as office:
        for _ in range(20):
            await office.mail.send(ADA, "password_changed")
        await asyncio.gather(*(office.mail.send_due() for _ in range(4)))
        await office.deliver()
        assert len(office.postbox.mails) == 20


async def test_mail_of_a_worker_that_was_killed_is_sent_later(open_office):
    async with open_office() as office:
        await office.mail.send(ADA, "password_changed")
        office.postbox.error = asyncio.CancelledError()
        with pytest.raises(asyncio.CancelledError):
            await office.mail.send_due()
        office.postbox.error = None
        assert await office.mail.send_due() > 0
        office.now += 90
        await office.deliver()
        assert len(office.postbox.mails) == 1


async def test_queue_is_bounded(open_office, monkeypatch, caplog):
    monkeypatch.setattr(module, "MAX_QUEUED", 2)
    async with open_office() as office:
        for _ in range(3):
            await office.mail.send(ADA, "password_changed")
        assert await queued(office) == 2
    assert "is lost: 2 others wait already." in caplog.text


async def test_sending_never_fails_while_the_database_is_away(open_at, tmp_path, caplog):
    (tmp_path / "file").touch()
    accounts = open_at(f"sqlite:///{tmp_path}/file/accounts.db", mail=Postbox())
    with caplog.at_level(logging.ERROR):
        await accounts.mail.send(ADA, "password_changed")
    assert "A mail (password_changed) is lost" in caplog.text


async def test_request_goes_to_accounts_of_the_address_in_any_letter_case(open_office):
    async with open_office() as office:
        for number in range(7):
            await office.accounts.register({**FORM, "id": f"mary{number}"})
            office.now += 1
        await office.mail.request("reset", "MARY@example.org", origin=ORIGIN)
        await office.mail.request("reset", "unknown@example.org", origin=ORIGIN)
        await office.deliver()
        assert {mail["To"] for mail in office.postbox.mails} == {"mary@example.org"}
        assert len({link_in(mail) for mail in office.postbox.mails}) == 5


async def test_verified_account_gets_its_mail_before_others_with_its_address(open_office):
    async with open_office() as office:
        for number in range(6):
            await office.accounts.register({**FORM, "id": f"evil{number}"})
        await office.accounts.register({**FORM, "id": "mary"})
        await office.accounts.update("mary", email_verified=True)
        await office.mail.request("reset", "mary@example.org", origin=ORIGIN)
        await office.deliver()
        assert any("account mary " in text_of(mail) for mail in office.postbox.mails)


async def test_disabled_account_gets_no_link(open_office):
    async with open_office() as office:
        await office.mail.send(ADA, "reset", origin=ORIGIN)
        await office.accounts.update("ada", disabled=True)
        await office.mail.request("reset", "ada@example.org", origin=ORIGIN)
        await office.mail.send(ADA, "account_disabled")
        await office.deliver()
        assert [mail["Subject"] for mail in office.postbox.mails] == ["Your account is disabled"]
