"""Links in mails: how long they are good, where they lead, and who loses an account."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pyotp
import pytest
from sqlmodel import select

from authdemo.accounts import AccountRejected, LinkRejected, MailUnavailable
from authdemo.accounts.link_tokens import RESET, SIGN_IN, VERIFY
from authdemo.accounts.models import AccountRow, LinkRow, PasskeyRow
from authdemo.accounts.transports import Outbox
from authdemo.sessions.errors import CredentialsSignin, StoreUnavailable
from authdemo.sessions.providers import SignInRequest
from tests.accounts.conftest import FORM, PASSWORD
from tests.support.mail import token_in

ORIGIN = "http://localhost:3000"
NEW = "another bird in another cage"


async def mailed(office, to="ada@example.org"):
    await office.deliver()
    return token_in(office.postbox.newest(to))


def wanted(email="ada@example.org", browser="here"):
    return SignInRequest(email, "/", ORIGIN, "en", browser)


def passkey(account_id, name, **more):
    return PasskeyRow(
        id=name,
        account_id=account_id,
        user_handle="h",
        public_key=b"k",
        sign_count=0,
        can_be_backed_up=False,
        is_backed_up=False,
        transports="",
        aaguid="",
        name=name,
        **more,
    )


@pytest.mark.parametrize("kind", [RESET, SIGN_IN, VERIFY], ids=lambda kind: kind.name)
async def test_link_is_good_until_it_expires(open_office, kind):
    async with open_office() as office:
        await office.mail.request(kind.name, "ada@example.org", origin=ORIGIN)
        token = await mailed(office)
        office.now += kind.max_age - 1
        assert (await office.links.look(token, kind)).account_id == "ada"
        office.now += 1
        with pytest.raises(LinkRejected):
            await office.links.look(token, kind)


async def test_expired_links_are_deleted(open_office):
    async with open_office() as office:
        await office.links.send_reset("ada", origin=ORIGIN)
        await mailed(office)
        office.now += RESET.max_age
        await office.mail.send_due()

        def left(session):
            return list(session.exec(select(LinkRow)))

        assert await office.accounts.database.run(left) == []


@pytest.mark.parametrize("token", [None, 1, "", "x" * 43, "\ud800", ["x"]], ids=repr)
async def test_what_is_no_token_is_rejected(open_office, token):
    async with open_office() as office:
        for attempt in (
            office.links.look(token, RESET),
            office.links.follow(token, "ada"),
            office.links.reset_password(token, NEW),
            office.links.claim(token),
        ):
            with pytest.raises(LinkRejected):
                await attempt
        with pytest.raises(CredentialsSignin):
            await office.links.authorize({"token": token, "confirmed": "yes"})


async def test_two_resets_at_once_use_a_link_once(open_office):
    async with open_office() as office:
        await office.links.send_reset("ada", origin=ORIGIN)
        token = await mailed(office)
        attempts = (office.links.reset_password(token, f"{NEW}{number}") for number in range(4))
        ended = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(each, LinkRejected) for each in ended) == 3


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example:3000",
        "http://localhost.evil.example",
        "http://localhost:3001",
        "http://127.0.0.1:3000",
    ],
)
async def test_no_link_leads_to_a_host_that_may_be_forged(open_office, origin, caplog):
    async with open_office() as office:
        for attempt in (
            office.links.send_reset("ada", origin=origin),
            office.links.send_verification("ada", origin=origin),
            office.links.request_reset("ada@example.org", origin=origin),
            office.links.change_email("ada", "new@example.org", origin=origin),
            office.links.send_sign_in(SignInRequest("ada@example.org", "/", origin, "en", "")),
        ):
            with pytest.raises(MailUnavailable):
                await attempt
        await office.deliver()
        assert office.postbox.mails == []
    assert "Links in mails need AUTH_URL" in caplog.text


@pytest.mark.parametrize("is_outbox", [True, False])
async def test_loopback_needs_no_url_where_mails_stay(open_office, tmp_path, is_outbox):
    async with open_office() as office:
        engine = office.auth.engine
        engine.settings = replace(engine.settings, url=None)
        transport = Outbox(tmp_path) if is_outbox else office.postbox
        mail = replace(office.mail, _transport=transport)
        for host, leads in {"localhost": is_outbox, "127.0.0.1": is_outbox, "x.org": False}.items():
            assert mail.leads_to_app(f"http://{host}:3000") is leads


async def test_reset_unlocks_what_waited_in_an_account_of_the_address(open_office):
    async with open_office() as office:
        await office.accounts.register(FORM)
        row = passkey("mary", "evil")
        await office.accounts.database.run(lambda session: session.add(row))
        await office.links.request_reset("mary@example.org", origin=ORIGIN)
        await office.links.reset_password(await mailed(office, "mary"), NEW)

        def kept(session):
            account = session.get(AccountRow, "mary")
            return list(session.exec(select(PasskeyRow))), account.is_unclaimed

        assert await office.accounts.database.run(kept) == ([], False)
        assert await office.accounts.check("mary", PASSWORD) is None
        assert (await office.accounts.check("mary", NEW)).email_verified


async def test_sign_in_link_voids_what_an_earlier_registrant_requested(open_office):
    async with open_office() as office:
        await office.accounts.register(FORM)
        await office.links.change_email("mary", "evil@example.org", origin=ORIGIN)
        evil = await mailed(office, "evil@example.org")
        await office.links.send_sign_in(wanted("mary@example.org"))
        token = await mailed(office, "mary")
        await office.links.claim(token)
        with pytest.raises(LinkRejected):
            await office.links.follow(evil, "mary")
        signed_in = await office.links.authorize({"token": token, "browser": "here"})
        assert signed_in.user.email == "mary@example.org"


async def test_sign_in_link_keeps_the_password_of_an_account_that_is_no_visitors(open_office):
    async with open_office() as office:
        await office.links.send_sign_in(wanted())
        token = await mailed(office)
        await office.links.claim(token)
        signed_in = await office.links.authorize({"token": token, "browser": "here"})
        assert (signed_in.user.id, signed_in.user.email_verified) == ("ada", True)
        assert await office.accounts.check("ada", PASSWORD) is not None


async def test_account_with_the_id_of_a_deleted_one_has_none_of_its_links(open_office):
    async with open_office() as office:
        await office.links.change_email("ada", "new@example.org", origin=ORIGIN)
        token = await mailed(office, "new@example.org")
        await office.accounts.delete("ada")
        await office.accounts.register({**FORM, "id": "ada"})
        with pytest.raises(LinkRejected):
            await office.links.follow(token, "ada")


async def test_link_of_a_disabled_account_stays_void_when_it_is_enabled(open_office):
    async with open_office() as office:
        await office.links.send_reset("ada", origin=ORIGIN)
        token = await mailed(office)
        for disabled in (True, False):
            await office.accounts.update("ada", disabled=disabled)
            with pytest.raises(LinkRejected):
                await office.links.reset_password(token, NEW)


async def test_unknown_account_and_verified_address_get_no_mail(open_office):
    async with open_office() as office:
        with pytest.raises(AccountRejected, match="doesn't exist"):
            await office.links.send_reset("nobody", origin=ORIGIN)
        await office.accounts.update("ada", email_verified=True)
        with pytest.raises(AccountRejected, match="verified already"):
            await office.links.send_verification("ada", origin=ORIGIN)


async def change(office, new, account_id="ada"):
    """Change an account's address, and return what its old owner gets to restore it."""
    old = (await office.accounts.get(account_id)).email
    await office.links.change_email(account_id, new, origin=ORIGIN)
    await office.links.follow(await mailed(office, new), account_id)
    return await mailed(office, old)


async def test_restored_address_stays_when_owner_of_a_later_one_restores_theirs(open_office):
    async with open_office() as office:
        owner = await change(office, "evil@example.org")
        evil = await change(office, "evil@example.net")
        await office.links.change_email("ada", "evil@example.com", origin=ORIGIN)
        await office.links.follow(await mailed(office, "evil@example.com"), "ada")
        office.postbox.mails.clear()
        await office.links.follow(owner)  # while the mail for evil@example.net waits
        await office.deliver()
        assert not any("token=" in mail.as_string() for mail in office.postbox.mails)
        with pytest.raises(LinkRejected):
            await office.links.follow(evil)
        assert (await office.accounts.get("ada")).email == "ada@example.org"


async def test_restored_address_keeps_only_the_passkeys_from_before(open_office):
    async with open_office() as office:
        before = passkey("ada", "owner's", created_at=office.now)
        await office.accounts.database.run(lambda session: session.add(before))
        owner = await change(office, "evil@example.org")
        since = passkey("ada", "evil", created_at=office.now)
        await office.accounts.database.run(lambda session: session.add(since))
        await office.links.follow(owner)
        assert [each.name for each in await office.accounts.passkeys.of("ada")] == ["owner's"]


async def test_only_the_accounts_own_user_verifies_its_address(open_office):
    async with open_office() as office:
        await office.accounts.register(FORM)
        await office.links.send_verification("mary", origin=ORIGIN)
        token = await mailed(office, "mary")
        for user_id in ("", "ada"):
            with pytest.raises(AccountRejected, match="Log in as mary in this browser"):
                await office.links.follow(token, user_id)
        assert not (await office.accounts.get("mary")).email_verified
        await office.links.follow(token, "mary")
        assert (await office.accounts.get("mary")).email_verified
        assert await office.accounts.check("mary", PASSWORD)


async def test_only_the_accounts_own_user_gives_it_another_address(open_office):
    async with open_office() as office:
        await office.links.change_email("ada", "victim@example.org", origin=ORIGIN)
        token = await mailed(office, "victim@example.org")
        for user_id in ("", "grace"):
            with pytest.raises(AccountRejected, match="Log in as ada"):
                await office.links.follow(token, user_id)
        assert (await office.accounts.get("ada")).email == "ada@example.org"


async def set_up(office, account_id, now):
    """Turn the second factor on, and return its secret."""
    factor = replace(office.accounts.second_factor, clock=lambda: now)
    secret = (await factor.begin(account_id, issuer="Tests")).secret
    await factor.confirm(account_id, pyotp.TOTP(secret).at(now))
    return secret


async def test_restored_address_locks_the_password_of_another_person(open_office):
    async with open_office() as office:
        owner = await change(office, "evil@example.org")
        await office.links.follow(owner)
        assert await office.accounts.check("ada", PASSWORD) is None
        await office.links.request_reset("ada@example.org", origin=ORIGIN)
        await office.links.reset_password(await mailed(office), NEW)
        assert await office.accounts.check("ada", NEW)


@pytest.mark.parametrize("is_newer", [True, False])
async def test_restored_address_keeps_only_an_authenticator_app_from_before(open_office, is_newer):
    async with open_office() as office:
        if not is_newer:
            await set_up(office, "ada", office.now)
        await office.links.change_email("ada", "evil@example.org", origin=ORIGIN)
        token = await mailed(office, "evil@example.org")
        if is_newer:  # while the mail waits to be read
            await set_up(office, "ada", office.now)
        await office.links.follow(token, "ada")
        await office.links.follow(await mailed(office))
        assert await office.accounts.second_factor.is_required("ada") is not is_newer
        assert (await office.accounts.get("ada")).two_factor is not is_newer
        left = await office.accounts.second_factor.count_codes("ada")
        assert left == (0 if is_newer else 10)


async def test_restored_address_that_was_never_proved_keeps_nothing_from_before(open_office):
    async with open_office() as office:
        await office.accounts.register(FORM)
        early = passkey("mary", "evil", created_at=office.now)
        await office.accounts.database.run(lambda session: session.add(early))
        await set_up(office, "mary", office.now)
        office.now += 60
        victim = await change(office, "evil@example.org", "mary")
        await office.links.follow(victim)
        assert await office.accounts.passkeys.of("mary") == []
        assert not (await office.accounts.get("mary")).two_factor
        assert await office.accounts.check("mary", PASSWORD) is None


@pytest.mark.parametrize("keeps", [True, False])
async def test_reset_removes_passkeys_and_keeps_the_second_factor(open_office, keeps):
    async with open_office() as office:
        secret = await set_up(office, "ada", office.now)
        added = passkey("ada", "evil", created_at=office.now)
        await office.accounts.database.run(lambda session: session.add(added))
        await office.links.request_reset("ada@example.org", origin=ORIGIN)
        await office.links.reset_password(await mailed(office), NEW, keep_passkeys=keeps)
        assert len(await office.accounts.passkeys.of("ada")) == keeps
        later = office.now + 3600
        factor = replace(office.accounts.second_factor, clock=lambda: later)
        assert await factor.is_required("ada")
        assert await factor.verify("ada", pyotp.TOTP(secret).at(later))


async def test_address_that_an_operator_changes_is_not_verified(open_office):
    async with open_office() as office:
        await office.accounts.update("ada", email_verified=True)
        await office.accounts.update("ada", email="other@example.org")
        assert not (await office.accounts.get("ada")).email_verified


async def test_address_that_an_operator_vouches_for_is_claimed(open_office):
    async with open_office() as office:
        await office.accounts.register(FORM)
        await office.accounts.update("mary", email_verified=True)
        await office.links.send_sign_in(wanted("mary@example.org"))
        await office.links.claim(await mailed(office, "mary"))
        assert await office.accounts.check("mary", PASSWORD)


async def test_owner_of_a_later_address_restores_it_before_the_first_owner_does(open_office):
    async with open_office() as office:
        owner = await change(office, "evil@example.org")
        evil = await change(office, "evil@example.net")
        await office.links.follow(evil)
        assert (await office.accounts.get("ada")).email == "evil@example.org"
        await office.links.follow(owner)
        assert (await office.accounts.get("ada")).email == "ada@example.org"


@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.parametrize("way", ["reset", "change"])
async def test_new_password_cancels_links_that_were_requested_before(open_office, way, is_sent):
    async with open_office() as office:
        await office.links.request_reset("ada@example.org", origin=ORIGIN)
        reset = await mailed(office)
        await office.links.change_email("ada", "evil@example.org", origin=ORIGIN)
        evil = await mailed(office, "evil@example.org") if is_sent else None
        if way == "reset":
            await office.links.reset_password(reset, NEW)
        else:
            await office.accounts.change_password("ada", NEW)
        await office.deliver()
        evil = evil or "x"
        assert len([mail for mail in office.postbox.mails if "evil" in mail["To"]]) == is_sent
        for attempt in (office.links.follow(evil, "ada"), office.links.reset_password(reset, NEW)):
            with pytest.raises(LinkRejected):
                await attempt
        assert (await office.accounts.get("ada")).email == "ada@example.org"


async def test_account_stays_unclaimed_while_its_sessions_can_not_be_ended(
    open_office, monkeypatch
):
    async with open_office() as office:
        await office.accounts.register(FORM)
        await office.links.send_sign_in(wanted("mary@example.org"))
        token = await mailed(office, "mary")
        end = office.auth.engine.sessions.store.put_value

        async def fail(*_, **__):
            raise StoreUnavailable

        monkeypatch.setattr(office.auth.engine.sessions.store, "put_value", fail)
        with pytest.raises(StoreUnavailable):
            await office.links.claim(token)
        assert await office.accounts.check("mary", PASSWORD) is not None
        monkeypatch.setattr(office.auth.engine.sessions.store, "put_value", end)
        await office.links.claim(token)
        assert await office.accounts.check("mary", PASSWORD) is None
