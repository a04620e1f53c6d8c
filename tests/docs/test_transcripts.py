"""What the pages show is what happens: every command, script and file of theirs is tried."""

from pathlib import Path

import pytest

from tests.docs import pages, transcript
from tests.docs.pages import Page

TRIED = [page for page in pages.every() if "```console" in page.text or "```python" in page.text]


def page_of(text: str) -> Page:
    """A page that is only this text."""
    return Page(Path("page.md"), text)


@pytest.mark.parametrize("page", TRIED, ids=lambda page: page.path.stem)
def test_a_page_shows_what_happens(page: Page, tmp_path: Path) -> None:
    """Its commands, typed one after the other, do and print what it says."""
    wrong = transcript.play(page, tmp_path)
    assert not wrong, "\n\n".join(wrong)


GOOD = """\
```sh title="deep/greet.sh"
echo "Hello, $1"
```

```console
$ cd deep && name=World
$ sh greet.sh $name
Hello, World
$ printf 'one\\ntwo\\nthree\\n'
one
...
$ sh -c 'echo 0.7 s, 2 min 3 s, 1 h 20 min at 2026-01-02 03:04:05; exit 3'
0.1 s, 0.4 s, 0.5 s at 2027-11-12 13:14:15
$ echo $?
3
$ cat <<END
> a  b
> END
a b
```

```python
assert open("greet.sh").read()
```
"""

BAD = [
    ("```console\n$ echo one\ntwo\n```\n", "shown:\ntwo"),
    ("```console\n$ echo one\n```\n", "printed:\none"),
    ("```console\n$ true\none\n```\n", "shown:\none"),
    ("```console\n$ printf 'one\\ntwo\\n'\none\n```\n", "printed:\none\ntwo"),
    ("```console\n$ echo one two\none ... two\n```\n", "shown:\none ... two"),
    ("```console\n$ false\n```\n", "exit status 1"),
    ("```console\n$ echo 0.5 m\n0.6 m\n```\n", "printed:\n0.5 m"),
    ("```console\n$ echo 12345678-1234-1234-1234-123456789abc\n12\n```\n", "<id>"),
    ("```python\nraise SystemExit('no')\n```\n", "exit status 1:\nno"),
    ("```python title='a'\n```\n", "what does"),
]


def test_a_page_that_is_true_is_passed(tmp_path: Path) -> None:
    """Files, state kept between blocks, dots, times, statuses and long input are understood."""
    assert transcript.play(page_of(GOOD), tmp_path) == []


@pytest.mark.parametrize(("text", "said"), BAD, ids=range(len(BAD)))
def test_a_page_that_is_not_true_is_told(tmp_path: Path, text: str, said: str) -> None:
    """Other output, missing output, a failure that is not shown: each is told with its place."""
    try:
        (wrong,) = transcript.play(page_of(text), tmp_path)
    except AssertionError as error:
        wrong = str(error)
    assert said in wrong


def test_the_shell_of_a_page_sees_nothing_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the account, the data nor the configuration of who runs the tests."""
    monkeypatch.setenv("INTERLOCK_PROJECT", "private")
    text = "```console\n$ env | grep INTERLOCK\n$ echo $?\n1\n$ echo ~\n/home/me\n```\n"
    assert transcript.play(page_of(text), tmp_path) == []
