"""An identity is known by issuer and subject, whatever the provider's name in the app."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.providers.base import Identity, default_user
from authdemo.sessions.providers.http_client import is_safe

ISSUERS = st.sampled_from(
    ["https://a.example", "https://a.example/", "https://a.example/b", "https://b.example:8443/x"]
)
SUBJECTS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1)


def identity(issuer: str, subject: str, provider: str = "google") -> Identity:
    return Identity(provider=provider, issuer=issuer, subject=subject, claims={})


def test_default_user_stays_when_the_provider_is_renamed():
    renamed = identity("https://a.example", "1234", "company-sso")
    assert default_user(renamed) == default_user(identity("https://a.example", "1234"))


def test_default_user_differs_by_issuer():
    moved = identity("https://b.example", "1234")
    assert default_user(moved).id != default_user(identity("https://a.example", "1234")).id


@given(st.tuples(ISSUERS, SUBJECTS), st.tuples(ISSUERS, SUBJECTS))
def test_default_users_are_the_same_if_issuer_and_subject_are(one, other):
    assert (default_user(identity(*one)).id == default_user(identity(*other)).id) == (one == other)


def test_issuer_has_no_fragment_that_a_subject_could_imitate():
    assert is_safe("https://a.example")
    assert not is_safe("https://a.example#")
    assert not is_safe("https://a.example#1")
