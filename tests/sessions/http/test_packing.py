"""Pages packed by the piece: any unpacker finds what was put together."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.http.packing import Beginning, as_it_is, joined, packed

PIECES = st.lists(st.tuples(st.binary(max_size=2000), st.booleans()), max_size=8)


@given(st.binary(max_size=20_000), PIECES)
def test_what_is_put_together_is_unpacked_whole(first, others):
    pieces = [first, *(octets for octets, _ in others)]
    small = [packed(first), *(packed(o) if is_same else as_it_is(o) for o, is_same in others)]
    assert gzip.decompress(joined(small, Beginning(first).end(pieces))) == b"".join(pieces)


def test_a_piece_may_be_longer_than_a_block():
    long = bytes(range(256)) * 1000
    page = joined([packed(b"<p>"), as_it_is(long)], Beginning(b"<p>").end([b"<p>", long]))
    assert gzip.decompress(page) == b"<p>" + long


def test_what_is_always_the_same_becomes_smaller():
    assert len(packed(b"Hello " * 1000)) < 100


def test_a_page_that_was_changed_on_the_way_is_noticed():
    pieces = [b"<p>", b"Ada", b"</p>"]
    small = [packed(pieces[0]), as_it_is(pieces[1]), packed(pieces[2])]
    page = joined(small, Beginning(pieces[0]).end(pieces)).replace(b"Ada", b"Eve")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(page)
