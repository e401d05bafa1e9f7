"""What users are mailed about: new devices, second factors, administrators who act as them."""

from __future__ import annotations

import pytest

from authdemo.accounts.notices import MEMORY, Notices
from authdemo.sessions import AuditEvent
from tests.accounts.conftest import ADA
from tests.support.mail import text_of

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER = LINUX.replace("140.0", "141.0")
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
NOON = 1_800_000_000.0


def sign_in(**fields):
    usual = {"user": ADA.id, "ip": "192.0.2.1", "user_agent": LINUX, "provider": "credentials"}
    return AuditEvent(kind="sign-in", **{"at": NOON, **usual, **fields})


async def mailed(open_office, *events):
    """Follow events, and return the mails."""
    async with open_office() as office:
        notices = Notices(office.accounts.database, office.mail, office.accounts.find)
        for event in events:
            await notices.follow(event)
        await office.deliver()
        return office.postbox.mails


async def test_new_device_is_mailed_with_what_it_is(open_office):
    there = sign_in(user_agent=PHONE, ip="2001:db8::1")
    (mail,) = await mailed(open_office, sign_in(), there, there)
    assert (mail["To"], mail["Subject"]) == (ADA.email, "New sign-in to your account")
    assert "Safari, iOS, address 2001:db8::1, 2027-01-15 08:00 UTC" in text_of(mail)


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 0),
        ({"user_agent": NEWER}, 0),
        ({"ip": "192.0.77.1"}, 0),
        ({"ip": "198.51.100.1"}, 1),
        ({"user_agent": PHONE}, 1),
        ({"at": NOON + MEMORY + 1, "user_agent": PHONE}, 0),
        ({"user_agent": PHONE, "provider": "bearer"}, 0),
        ({"user_agent": PHONE, "provider": "impersonation"}, 0),
        ({"user_agent": PHONE, "user": "of no account"}, 0),
        ({"ip": ""}, 1),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_device_is_new_if_its_kind_or_its_network_is(open_office, change, count):
    mails = await mailed(open_office, sign_in(), sign_in(**change))
    assert len(mails) == count


async def test_header_of_a_client_is_not_mailed(open_office):
    evil = sign_in(user_agent="Call 555-0100 now <b>")
    (mail,) = await mailed(open_office, sign_in(), evil)
    assert "555-0100" not in mail.as_string()


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("second-factor-on", "Two-factor authentication is on"),
        ("second-factor-off", "Two-factor authentication is off"),
        ("impersonated", "An administrator uses your account"),
    ],
)
async def test_event_of_an_account_is_mailed(open_office, kind, subject):
    (mail,) = await mailed(open_office, AuditEvent(kind=kind, user=ADA.id, detail="ticket 7"))
    assert mail["Subject"] == subject
    assert ("ticket 7" in text_of(mail)) == (kind == "impersonated")


async def test_new_password_is_mailed(open_office):
    async with open_office() as office:
        await office.accounts.change_password("ada", "another bird in a cage")
        await office.deliver()
        assert office.postbox.newest()["Subject"] == "Your password was changed"
