"""A program that speaks as Claude Code does: it asks first, forgets what was, and then works."""

import json
import sys


def tell(**event: object) -> None:
    """Print one event."""
    sys.stdout.write(json.dumps(event) + "\n")


def main() -> int:
    """One run."""
    prompt = sys.stdin.read()
    if "--resume" in sys.argv:
        sys.stderr.write("No conversation found with session ID: c-1\n")
        return 1
    tell(type="system", subtype="init", session_id="c-1", model="m")
    if "Others worked on this before you" in prompt:
        said = f"I was told: {prompt}"
    else:
        said = "I wait."
        question = {"questions": [{"question": "Which?", "options": [{"label": "A"}]}]}
        call = {"type": "tool_use", "id": "t", "name": "AskUserQuestion", "input": question}
        answer = {"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": "later"}
        tell(type="assistant", message={"content": [call]})
        tell(type="user", message={"content": [answer]})
    tell(
        type="result", subtype="success", is_error=False, result=said, num_turns=1, session_id="c-1"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
