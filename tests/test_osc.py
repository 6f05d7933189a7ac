"""Any bytes are parsed in bounded time; what is good comes through."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.shell.osc import OscBad, OscIn, build, parse

SENDER = ("127.0.0.1", 5000)


@given(st.lists(st.one_of(st.integers(-(2**31), 2**31 - 1), st.booleans(), st.text("abc/é"))))
def test_what_is_built_is_parsed_again(values: list[object]) -> None:
    (message,) = parse(build("/livegan/x", values), SENDER)
    assert isinstance(message, OscIn)
    assert (message.address, list(message.values)) == ("/livegan/x", values)
    assert message.due <= time.monotonic()


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_bad(packet: bytes) -> None:
    assert all(isinstance(item, (OscIn, OscBad)) for item in parse(packet, SENDER))


@given(st.integers(0, 30))
def test_a_truncated_message_is_refused_not_guessed(missing: int) -> None:
    whole = build("/livegan/xy", [0.5, 0.25])
    (got,) = parse(whole[: len(whole) - missing], SENDER)
    if missing == 0 or missing == 12:  # whole, or an address alone: a message without values
        assert isinstance(got, OscIn)
        assert len(got.values) == (2 if missing == 0 else 0)
    else:
        assert isinstance(got, OscBad)


def test_a_message_without_type_tags_has_no_values() -> None:
    (got,) = parse(b"/livegan/play\0\0\0", SENDER)
    assert isinstance(got, OscIn)
    assert got.values == ()


@given(st.binary(max_size=100))
def test_any_bundle_ends(tail: bytes) -> None:
    parse(b"#bundle\0" + tail, SENDER)


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xfc", b"\0\0\0\x03", b"\0\0\xff\xff"])
def test_an_impossible_element_size_is_refused(size: bytes) -> None:
    (bad,) = parse(b"#bundle\0" + bytes(7) + b"\1" + size + bytes(8), SENDER)
    assert isinstance(bad, OscBad)
    assert "bundle element of size" in bad.why


def test_deep_nesting_is_refused() -> None:
    packet = build("/a", [])
    for _ in range(50):
        packet = b"#bundle\0" + bytes(7) + b"\1" + len(packet).to_bytes(4) + packet
    (bad,) = parse(packet, SENDER)
    assert isinstance(bad, OscBad)
