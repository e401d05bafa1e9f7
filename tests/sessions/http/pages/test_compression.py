"""Pages packed by the piece: any unpacker finds what was filled in."""

from __future__ import annotations

import gzip
from itertools import chain, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.http.pages.compression import PrecompressedTemplate

TEXT = st.binary(max_size=2000) | st.binary(max_size=20) | st.just(b"100 %b of %% %s")
BLANKS = st.lists(st.tuples(TEXT, TEXT), max_size=8)


def alternating(texts: list[bytes], values: tuple[bytes, ...]) -> bytes:
    return b"".join(chain.from_iterable(zip_longest(texts, values, fillvalue=b"")))


def packed(form: PrecompressedTemplate, *values: bytes) -> bytes:
    return b"".join(form.fill_gzip(values))


@given(st.binary(max_size=20_000), BLANKS)
def test_filled_template_decompresses_to_its_text(first, blanks):
    texts = [first, *(text for _, text in blanks)]
    values = tuple(value for value, _ in blanks)
    form = PrecompressedTemplate(texts)
    assert form.fill(values) == alternating(texts, values)
    assert gzip.decompress(packed(form, *values)) == alternating(texts, values)


def test_template_is_filled_repeatedly():
    form = PrecompressedTemplate([b"<p>", b"</p>" * 100])
    for name in (b"Ada", b"", b"Grace"):
        assert gzip.decompress(packed(form, name)) == form.fill((name,))


def test_value_longer_than_a_block_is_kept_whole():
    long = bytes(range(256)) * 1000
    assert (
        gzip.decompress(packed(PrecompressedTemplate([b"<p>", b"</p>"]), long))
        == b"<p>" + long + b"</p>"
    )


def test_constant_text_is_compressed():
    assert len(packed(PrecompressedTemplate([b"Hello " * 1000, b"Bye " * 1000]), b"Ada")) < 200


def test_secret_value_does_not_change_the_length():
    form = PrecompressedTemplate([b"<p>token=4711</p>" * 10, b"<p>token=4711</p>" * 10])
    assert len(packed(form, b"token=4711")) == len(packed(form, b"\x00\xff\x9a!?x;Q1\n"))


def test_constant_chunks_are_shared_between_pages():
    form = PrecompressedTemplate([b"Hello " * 1000, b"Bye " * 1000])
    ada, eve = ([*form.fill_gzip((name,))] for name in (b"Ada", b"Eve"))
    shared = [len(piece) for piece, other in zip(ada, eve, strict=True) if piece is other]
    assert sum(map(len, ada)) - sum(shared) < 30


def test_changed_page_fails_its_checksum():
    page = packed(PrecompressedTemplate([b"<p>", b"</p>"]), b"Ada").replace(b"Ada", b"Eve")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(page)
