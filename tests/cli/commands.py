"""The commands as the command line finds them."""

import shlex

from mmext.cli.app import COMMANDS, DEPTH_COMMANDS, build_app

EVERY = [
    *((name,) for name in COMMANDS),
    *(("depth", name) for name in DEPTH_COMMANDS),
]


def command(names):
    """A command's app."""
    app = build_app(names)
    for name in names:
        app = app[name]
    return app


def parse(line):
    """Arguments of a command line, text or tokens, as a command gets them."""
    tokens = shlex.split(line) if isinstance(line, str) else line
    _, bound, _ = build_app(tokens).parse_args(
        tokens, exit_on_error=False, print_error=False
    )
    bound.apply_defaults()
    return bound.arguments
