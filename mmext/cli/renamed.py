"""Flags that were called otherwise: they go on working, with a line that says so."""

import sys
from collections.abc import Sequence

#: By command, what a flag is now: another flag, or an argument without a flag. That
#: takes one value, or with ``...`` all that follow.
RENAMED = {
    "prepare": {"--images": "IMAGES..."},
    "test": {"--work-dir": "--out"},
    "evaluate": {"--map": "MAP", "--truth": "--labels", "--where": "--label-where"},
    "report": {"--window": "--epochs"},
    "review": {"--checkpoint": "CHECKPOINT"},
    "depth report": {"--frames": "--samples"},
    "depth scenes": {"--train": "--train-scenes", "--test": "--test-scenes"},
    "depth teach": {"--options": "--dataset-options"},
}


def renew(tokens: Sequence[str]) -> list[str]:
    """A command line with the names that its flags have now.

    Args:
        tokens: A command and its arguments.
    """
    command = " ".join(tokens[: 2 if tokens[:1] == ["depth"] else 1])
    renamed = RENAMED.get(command, {})
    left, kept, plain = [*reversed(tokens)], [], []
    while left:
        token = left.pop()
        flag, equals, value = token.partition("=")
        name = renamed.get(flag)
        if name is None:
            kept.append(token)
            continue
        place = "" if name.startswith("--") else ", which takes no flag"
        print(
            f"warning: {flag} of mmext {command} is now {name}{place}", file=sys.stderr
        )
        if name.startswith("--"):
            kept.append(name + equals + value)
        elif equals:
            plain.append(value)
        else:
            most = len(left) if name.endswith("...") else 1
            for _ in range(most):
                if left and not left[-1].startswith("-"):
                    plain.append(left.pop())
    # Behind "--" nothing is the value of a flag.
    return [*kept, "--", *plain] if plain else kept
