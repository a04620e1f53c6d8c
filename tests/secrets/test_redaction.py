"""No registered value and no encoding of one gets through, however the output is cut."""

import base64
import json
import os
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from interlock.secrets.encodings import encode
from interlock.secrets.redaction import BLANK, Redaction, redaction_of

FIT = st.characters(exclude_characters="\0\u2588", exclude_categories=["Cs"])
SECRET = st.text(FIT, min_size=6, max_size=30).filter(lambda text: len(text.encode()) >= 6)
# Few letters, so that values and text overlap by chance in every way there is.
TIGHT = st.text("ab[]", min_size=6, max_size=9)
SECRETS = st.lists(SECRET | TIGHT, min_size=1, max_size=3)
CUTS = st.lists(st.integers(0, 600), max_size=8)
NAMES = "ABC"


def redaction(values: list[str]) -> Redaction:
    """What takes these values out, each under a letter."""
    made = redaction_of(tuple(zip(NAMES, values, strict=False)))
    assert made is not None
    return made


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """The data, cut at these places."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@st.composite
def outputs(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """Some values, and output with values, their encodings, parts of them and other bytes."""
    values = draw(SECRETS)
    forms = sorted(form for value in values for form in encode(value))
    part = st.sampled_from(forms).flatmap(
        lambda form: st.integers(1, len(form)).map(lambda n: form[:n])
    )
    other = st.binary(max_size=8) | st.text("ab[]", max_size=8).map(str.encode)
    return values, b"".join(draw(st.lists(st.sampled_from(forms) | part | other, max_size=8)))


@given(outputs(), CUTS)
@example((["]aaaaa"], b"]aaaaaaaaaa"), [])
@example((["secret"], b"a secret here"), [4])
@example((["abcabcd"], b"abcabcabcd"), [5])
@example((["abcabc", "abcabcab"], b"abcabcab"), [6])
def test_no_value_gets_through(case: tuple[list[str], bytes], cuts: list[int]) -> None:
    """Neither a value nor a listed encoding of one is in what comes out, and where the output was
    cut makes no difference."""
    values, data = case
    stream = redaction(values).stream()
    out = b"".join(stream.feed(piece) for piece in pieces(data, cuts))
    out += stream.feed(b"", final=True)
    assert [form for value in values for form in encode(value) if form in out] == []
    assert out == redaction(values).stream().feed(data, final=True)


@given(SECRETS, st.lists(st.binary(max_size=40), max_size=8))
def test_other_output_is_not_touched(values: list[str], chunks: list[bytes]) -> None:
    """What holds no value comes out as it was, and no more is held back than a value is long."""
    whole = b"".join(chunks)
    assume(not any(form in whole for value in values for form in encode(value)))
    made = redaction(values)
    stream = made.stream()
    out = b""
    for n, chunk in enumerate(chunks, 1):
        out += stream.feed(chunk)
        assert len(b"".join(chunks[:n])) - len(out) < made.longest
    assert out + stream.feed(b"", final=True) == whole


@given(SECRET, st.binary(max_size=5), st.binary(max_size=5))
def test_what_others_encode_is_found(value: str, before: bytes, after: bytes) -> None:
    """The encodings are those of the libraries, with the value anywhere in what is encoded."""
    raw = value.encode()
    data = before + raw + after
    quoted = quote(value, safe="")
    for text in (
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
        data.hex(),
        data.hex().upper(),
        quoted,
        json.dumps({"key": value}),
        json.dumps({"key": value}, ensure_ascii=False),
        json.dumps(json.dumps([value])),
    ):
        assert redaction([value]).names(text) == {"A"}


def test_a_value_is_named_where_it_was() -> None:
    """The text around it stays; the longest value wins, and a value within text is found."""
    made = redaction(["hunter22", "hunter22-long"])
    assert made.text("a hunter22-long b hunter22, c") == "a [secret:B] b [secret:A], c"
    assert made.text("nothing") == "nothing"
    assert made.value({"hunter22": ["x", "hunter22"], "n": 1, "t": None}) == {
        "[secret:A]": ["x", "[secret:A]"], "n": 1, "t": None,
    }  # fmt: skip
    assert made.names("hunter22-long") == {"A", "B"}


def test_a_mark_that_would_tell_the_value_is_blank() -> None:
    """Where the mark could be part of a value there is none."""
    assert redaction(["secret:A"]).text("<secret:A>") == f"<{BLANK}>"


def test_a_value_is_held_back_only_while_it_may_come() -> None:
    """Ordinary output is passed on at once, the beginning of a value once it is none."""
    stream = redaction(["hunter22"]).stream()
    assert stream.feed(b"all is well") == b"all is well"
    assert stream.feed(b"\nhunt") == b"\n"
    assert stream.feed(b"ing") == b"hunting"
    assert stream.feed(b" hunter2") == b" "
    assert stream.feed(b"2!") == b"[secret:A]!"


def test_a_variable_that_is_no_text_is_found() -> None:
    """An environment may hold any bytes."""
    value = os.fsdecode(b"caf\xe9-latin-1")
    stream = redaction([value]).stream()
    assert stream.feed(b"<caf\xe9-latin-1>", final=True) == b"<[secret:A]>"


def test_nothing_is_made_for_nothing() -> None:
    """Without values there is no redaction, which costs nothing."""
    assert redaction_of(()) is None


@pytest.mark.parametrize("count", [1, 20])
def test_many_values_are_looked_for_at_once(count: int) -> None:
    """A megabyte with one value in it, near its end."""
    values = [f"value-number-{n:04}" for n in range(count)]
    made = Redaction(zip(map(str, range(count)), values, strict=True))
    stream = made.stream()
    out = b"".join(stream.feed(b"value-numb " * 3000) for _ in range(32))
    out += stream.feed(values[-1].encode(), final=True)
    assert out == b"value-numb " * 96000 + f"[secret:{count - 1}]".encode()
