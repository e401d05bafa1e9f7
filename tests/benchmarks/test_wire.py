from __future__ import annotations

import pytest

from benchmarks.load.wire import Response, UnexpectedAnswer, get, parse, post_form, post_json

ANSWER = b"HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\ncontent-length: 4\r\n\r\nbody"


def test_an_answer_is_taken_off_when_it_is_whole() -> None:
    for end in range(len(ANSWER)):
        assert parse(ANSWER[:end]) is None
    parsed = parse(ANSWER + b"HTTP/1.1 303")
    assert parsed
    answer, rest = parsed
    assert (answer.status, answer.body, rest) == (b"200", b"body", b"HTTP/1.1 303")


def test_an_answer_knows_its_fields_and_cookies() -> None:
    parsed = parse(ANSWER)
    assert parsed
    answer, _ = parsed
    assert answer.field(b"content-length") == b"4"
    assert answer.field(b"location") == b""
    assert answer.cookie(b"a") == b"1"
    assert answer.cookie(b"b") == b""


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(UnexpectedAnswer, match="without a Content-Length"):
        parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


@pytest.mark.parametrize(("status", "text"), [(b"303", b"body"), (b"200", b"other")])
def test_an_answer_that_is_not_expected_is_shown(status: bytes, text: bytes) -> None:
    answer = Response(b"200", b"HTTP/1.1 200 OK", b"body")
    answer.check(b"200", b"body")
    with pytest.raises(UnexpectedAnswer, match=r"HTTP/1\.1 200 OK\s+body"):
        answer.check(status, text)


def test_requests_are_as_http_wants_them() -> None:
    host = {"Host": "here"}
    assert get("/a", host) == b"GET /a HTTP/1.1\r\nHost: here\r\n\r\n"
    assert post_json("/a", host, {"b": 1}).endswith(b'Content-Length: 8\r\n\r\n{"b": 1}')
    assert post_form("/a", host, {"b": "1 2"}).endswith(b"Content-Length: 5\r\n\r\nb=1+2")
