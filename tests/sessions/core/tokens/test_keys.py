"""The key ring: the first key signs, all verify, weak ones are not let in."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.core.keys import KeyRing
from tests.support.house import OTHER_SECRET, SECRET

PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWYt3dXo7b0gk3Gk4M8o2bFxdqF8A
-----END PUBLIC KEY-----"""


@pytest.mark.parametrize("secret", ["", "changeme", "x" * 31, "é" * 15])
def test_short_secret_is_rejected_in_one_line_that_names_the_variable(secret):
    with pytest.raises(ConfigurationError, match=r"^AUTH_SECRET .* at least 32") as refused:
        KeyRing([SECRET, secret])
    assert "\n" not in refused.value.message
    assert not secret or secret not in refused.value.message


def test_secret_of_32_bytes_is_accepted():
    assert KeyRing(["x" * 32]).signing
    assert KeyRing(["é" * 16]).signing


def test_key_ring_needs_a_key():
    with pytest.raises(ConfigurationError, match="AUTH_SECRET"):
        KeyRing([])


@pytest.mark.parametrize(
    "secret", [PEM, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlLdXo7b0gk3Gk4M8o2bFxdqF8A me"]
)
def test_key_of_another_algorithm_is_rejected_as_a_secret(secret):
    with pytest.raises(ConfigurationError, match=r"^AUTH_SECRET ") as refused:
        KeyRing([secret])
    assert "\n" not in refused.value.message


def test_secret_of_bytes_that_are_not_text_is_accepted():
    """The environment hands such octets over as lone surrogates."""
    assert KeyRing([b"\xff\xfe\xfd\xfc".decode(errors="surrogateescape") * 8]).signing


def test_first_key_signs_and_all_verify():
    ring = KeyRing([SECRET, OTHER_SECRET])
    assert ring.signer is ring.all[0]
    assert {key.kid for key in ring.all} == {
        KeyRing([s]).signer.kid for s in (SECRET, OTHER_SECRET)
    }


def test_key_ids_are_stable_and_different():
    first, second = KeyRing([SECRET]).signing, KeyRing([OTHER_SECRET]).signing
    assert first.kid == KeyRing([SECRET]).signing.kid != second.kid


def test_key_does_not_show_its_secret():
    assert SECRET not in repr(KeyRing([SECRET]).signing)


class TestMac:
    RING = KeyRing([SECRET])

    def test_mac_verifies_its_text_and_purpose(self):
        assert self.RING.verify("csrf", "text", self.RING.mac("csrf", "text"))

    def test_mac_of_another_text_is_rejected(self):
        assert not self.RING.verify("csrf", "other", self.RING.mac("csrf", "text"))

    def test_mac_of_another_purpose_is_rejected(self):
        assert not self.RING.verify("ticket", "text", self.RING.mac("csrf", "text"))

    @pytest.mark.parametrize("mac", ["", "x", "é" * 64, "0" * 64, "0" * 100_000])
    def test_invalid_mac_is_rejected(self, mac):
        assert not self.RING.verify("csrf", "text", mac)

    def test_macs_survive_rotation_until_the_key_is_removed(self):
        mac = KeyRing([SECRET]).mac("csrf", "text")
        assert KeyRing([OTHER_SECRET, SECRET]).verify("csrf", "text", mac)
        assert not KeyRing([OTHER_SECRET]).verify("csrf", "text", mac)
