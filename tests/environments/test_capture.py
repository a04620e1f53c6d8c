"""Output keeps its meaning however it is cut, and its memory stays within the limit."""

import hashlib
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from interlock.engine.escapes import restore
from interlock.environments.capture import (
    GROUP_BYTES,
    GROUP_SECONDS,
    Capture,
    Excerpt,
    Stream,
    decode,
)
from interlock.secrets.encodings import encode
from interlock.secrets.redaction import redaction_of

NASTY = st.sampled_from(
    [b"\0", b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"\r\n", b"\\x00", b"\\"]
    + [text.encode() for text in ("€😀\u2028\ufeff", "\ufffd")]
)
DATA = st.lists(st.binary(max_size=20) | NASTY, max_size=20).map(b"".join)
CUTS = st.lists(st.integers(0, 400), max_size=8)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data, cut at these places."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@given(DATA, CUTS)
@example("€".encode(), [1, 2])
@example("\ufffd\\xff".encode(), [3])
def test_where_a_chunk_ends_does_not_matter(data: bytes, cuts: list[int]) -> None:
    """What is passed on in pieces is what the whole reads like, with nothing lost."""
    emitted: list[str] = []
    stream = Stream("stdout", 4096, lambda _, text: emitted.append(text))
    for piece in pieces(data, cuts):
        stream.feed(piece, 0.0)
    stream.feed(b"", 0.0, final=True)
    assert "".join(emitted) == decode(data) == stream.excerpt.text()
    assert restore(stream.excerpt.text()) == data
    assert stream.sha256 == hashlib.sha256(data).hexdigest()
    assert stream.size == len(data)


@given(DATA)
def test_text_can_be_stored_anywhere(data: bytes) -> None:
    """No NUL and no lone surrogate is left; text that was fine is not touched."""
    text = decode(data)
    assert "\0" not in text
    assert text.encode().decode() == text
    if b"\0" not in data and text.encode() == data:
        assert text == data.decode()


def test_what_cannot_be_read_is_shown() -> None:
    """An invalid byte and a NUL read as what they are."""
    assert decode(b"a\xff\0\xe2\x82b") == "a\ufffd\\xff\ufffd\\x00\ufffd\\xe2\ufffd\\x82b"


@given(DATA, CUTS, st.integers(0, 200))
def test_an_excerpt_is_the_start_and_the_end(data: bytes, cuts: list[int], keep: int) -> None:
    """At most `keep` bytes are kept, and the line between says how many are not."""
    excerpt = Excerpt(keep)
    for piece in pieces(data, cuts):
        excerpt.feed(piece)
    left_out = excerpt.left_out()
    assert excerpt.size == len(data)
    if len(data) <= keep:
        assert (left_out, excerpt.text()) == (0, decode(data))
        return
    head, tail = excerpt.text().split(f"\n[interlock: {left_out} bytes left out]\n", 1)
    kept = len(data) - left_out
    assert keep - 6 <= kept <= keep
    ends = [(n, kept - n) for n in range(kept + 1)]
    assert any(head == decode(data[:n]) and tail == decode(data[len(data) - m :]) for n, m in ends)


@given(st.text(st.characters(exclude_characters="\0\\"), max_size=200), st.integers(0, 100))
def test_an_excerpt_cuts_no_character(text: str, keep: int) -> None:
    """Text without a fault has none after it was shortened."""
    excerpt = Excerpt(keep)
    excerpt.feed(text.encode(errors="replace"))
    assert "\\x" not in excerpt.text()


@given(st.lists(DATA, max_size=10), st.integers(0, 300))
def test_no_more_is_passed_on_than_is_kept(chunks: list[bytes], keep: int) -> None:
    """The start is passed on, up to `keep` bytes of text, then one notice."""
    emitted: list[str] = []
    stream = Stream("stderr", keep, lambda _, text: emitted.append(text))
    for chunk in chunks:
        stream.feed(chunk, 0.0)
    stream.feed(b"", 0.0, final=True)
    shown, *notice = "".join(emitted).split("\n[interlock: more than ")
    whole = decode(b"".join(chunks))
    assert whole.startswith(shown)
    assert len(shown.encode()) <= keep
    assert len(notice) == (len(whole.encode()) > keep)
    if not notice:
        assert shown == whole


def test_output_is_passed_on_in_groups() -> None:
    """A small piece waits for its time, a large one for nothing."""
    emitted: list[str] = []
    stream = Stream("stdout", 2**20, lambda _, text: emitted.append(text))
    for n in range(10):
        stream.feed(b"a", n * GROUP_SECONDS / 100)
    assert emitted == []
    stream.flush(GROUP_SECONDS)
    assert emitted == ["a" * 10]
    stream.feed(b"b" * GROUP_BYTES, GROUP_SECONDS)
    assert emitted[1:] == ["b" * GROUP_BYTES]


def test_both_streams_together_keep_their_characters_whole() -> None:
    """A character whose second half comes late is not torn by the other stream."""
    capture = Capture(100, lambda *_: None)
    capture.feed("stdout", b"a\xe2\x82")
    capture.feed("stderr", b"error ")
    capture.feed("stdout", b"\xac\xe2")
    capture.end()
    assert capture.output() == "aerror €\ufffd\\xe2"
    assert capture.stdout.excerpt.text() == "a€\ufffd\\xe2"
    assert capture.stderr.excerpt.text() == "error "


def test_what_one_stream_begins_the_other_does_not_turn_into_an_escape() -> None:
    """U+FFFD from one and a backslash from the other are both text, also together."""
    capture = Capture(100, lambda *_: None)
    capture.feed("stdout", "\ufffd".encode())
    capture.feed("stderr", b"\\xff")
    capture.end()
    assert restore(capture.output()) == "\ufffd\\xff".encode()
    assert capture.stderr.excerpt.text() == "\\xff"


VALUE = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=8, max_size=20)


@given(VALUE, st.data(), CUTS, st.integers(0, 200))
def test_no_secret_is_kept_or_passed_on(
    value: str, data: st.DataObject, cuts: list[int], keep: int
) -> None:
    """Whatever is around it, however it is cut: not in an event, an excerpt, or what a reader of
    standard output is given."""
    forms = st.sampled_from(sorted(encode(value)))
    parts = data.draw(st.lists(forms | DATA | st.just(value[:5].encode()), max_size=6))
    whole = b"".join(parts)
    passed: list[str] = []
    heard: list[str] = []
    capture = Capture(
        keep, lambda _, text: passed.append(text), heard.append, redaction_of((("N", value),))
    )
    for piece in pieces(whole, cuts):
        capture.feed("stdout", piece)
    capture.end()
    kept = ["".join(passed), "".join(heard), capture.stdout.excerpt.text(), capture.output()]
    assert [form for text in kept for form in encode(value) if form in restore(text)] == []
    assert capture.stdout.size == len(whole)
    if not any(form in whole for form in encode(value)):
        assert "".join(heard) == decode(whole)


def test_a_secret_that_comes_from_both_streams_is_taken_out_of_both_together() -> None:
    """Half on standard output, half on standard error: each half stays, the whole does not."""
    capture = Capture(100, lambda *_: None, redaction=redaction_of((("N", "abababab"),)))
    capture.feed("stdout", b"abab")
    capture.feed("stderr", b"abab")
    capture.end()
    assert (capture.stdout.excerpt.text(), capture.stderr.excerpt.text()) == ("abab", "abab")
    assert capture.output() == "[secret:N]"
