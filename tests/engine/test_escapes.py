"""What no text may hold can be read, and read back to the bytes it was."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from interlock.engine.escapes import Escaper, escape, is_fit, restore

# Pieces that could be confused with each other, whatever follows them.
NASTY = st.sampled_from(
    ["\0", "\udcff", "\udc80", "\ud800", "\udfff", "\ufffd", "\\", "x00", "xff", "ud800", "\\xff"]
)
TEXT = st.lists(NASTY | st.text(max_size=5), max_size=12).map("".join)
BYTES = st.lists(
    st.binary(max_size=9)
    | st.sampled_from([b"\xff", b"\0", b"\\xff", b"\\", b"\xed\xa0\x80", b"x00"])
    | st.just("\ufffd".encode()),
    max_size=12,
).map(b"".join)  # fmt: skip
CUTS = st.lists(st.integers(0, 60), max_size=6)


@given(BYTES)
@example(b"\xff\\xff")
@example("\ufffd".encode() + b"\\xff\xff\\")
def test_any_bytes_come_back(data: bytes) -> None:
    """Decoded and escaped they can be kept, and lead back to themselves."""
    text = escape(data.decode(errors="surrogateescape"))
    assert is_fit(text)
    assert restore(text) == data


@given(TEXT, TEXT)
def test_nothing_reads_in_two_ways(one: str, other: str) -> None:
    """Different texts stay different."""
    assert (escape(one) == escape(other)) == (one == other)


@given(TEXT, CUTS)
@example("\ufffd\\xff", [1])
@example("\ufffd\udcff\\", [1, 2])
def test_a_text_in_pieces_reads_as_a_whole(text: str, cuts: list[int]) -> None:
    """Where a piece ends changes nothing."""
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    escaper = Escaper()
    told = "".join(escaper.feed(text[a:b]) for a, b in pairwise(places))
    assert told == escape(text)


@given(st.text(st.characters(exclude_characters="\0\ufffd", exclude_categories=["Cs"])))
@example(r"b'\xff\x00' and C:\xff\\x00 \ud800")
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Also what looks like an escape of Python's."""
    assert escape(text) == text
    assert restore(text) == text.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\udcffb", "a\ufffd\\xffb"),
        ("\0", "\ufffd\\x00"),
        ("\ud800\udfff", "\ufffd\\ud800\ufffd\\udfff"),
        ("\ufffd", "\ufffd"),
        ("\ufffd!\\", "\ufffd!\\"),
        ("\ufffd\\xff", "\ufffd\\\\xff"),
        ("\ufffd\\\\", "\ufffd\\\\\\"),
    ],
)
def test_how_an_escape_is_written(text: str, shown: str) -> None:
    """U+FFFD, then the byte or the surrogate; U+FFFD before a backslash doubles that."""
    assert escape(text) == shown


def test_what_is_no_escape_is_text() -> None:
    """Text that `escape` never wrote is read as it stands."""
    for text in ("\ufffd\\x41", "\ufffd\\xFF", "\ufffd\\q", "\ufffd\\u0041", "\ufffd\\"):
        assert restore(text) == text.encode()


def test_a_surrogate_comes_back_as_the_three_bytes_it_would_be() -> None:
    """Some programs write one so, though no text in UTF-8 may."""
    assert restore(escape("\ud800!")) == b"\xed\xa0\x80!"
