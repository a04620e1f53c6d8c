"""Stands for Claude Code: a run that begins uses 60,000 tokens and then works on until it is
ended, one that goes on is done at once. `spending_agent.py ARGUMENT...`, plain Python."""

import json
import pathlib
import sys
import time

MODEL = "claude-sonnet-4-5"
NAME = "0c0ffee0-0000-4000-8000-000000000001"
DEADLINE = 120  # seconds after which nobody will end it any more


def tell(**event: object) -> None:
    """Print one event."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def ask(tokens: int) -> None:
    """One request to the model."""
    usage = {"input_tokens": tokens, "output_tokens": 1}
    start = {"type": "message_start", "message": {"model": MODEL, "usage": usage}}
    tell(type="stream_event", event=start)
    tell(type="stream_event", event={"type": "message_delta", "usage": {"output_tokens": 10}})


def main() -> None:
    """One run."""
    sys.stdin.read()
    tell(type="system", subtype="init", session_id=NAME, model=MODEL)
    with pathlib.Path("asked").open("a") as log:
        log.write("resumed\n" if "--resume" in sys.argv else "begun\n")
    if "--resume" in sys.argv:
        ask(20)
        tell(
            type="result",
            subtype="success",
            is_error=False,
            num_turns=1,
            result="Done.",
            session_id=NAME,
        )
        return
    ask(60_000)
    time.sleep(DEADLINE)


if __name__ == "__main__":
    main()
