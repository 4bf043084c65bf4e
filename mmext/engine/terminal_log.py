"""What of a training's log goes to the terminal: lines that a reader can use.

The log file in the work directory holds everything.
"""

import logging

# Beginnings of lines in which mmengine speaks of its own ways. No user can act on
# them: they are of its interfaces, or are always so.
_OF_THE_MACHINERY = (
    "Exp name: ",
    "Distributed training is not used",
    "Saving checkpoint at ",
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
    "`save_param_scheduler` is True but `self.param_schedulers` is None",
    "`resume_param_scheduler` is True but `self.param_schedulers` is None",
    "resumed key: ",  # scores of an earlier run, which the history keeps
)


class TerminalFilter(logging.Filter):
    """Leave out blocks of many lines (environment, config, hooks) and machinery.

    Errors are never left out.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is for the terminal."""
        if record.levelno >= logging.ERROR:
            return True
        message = record.getMessage()
        return "\n" not in message and not message.startswith(_OF_THE_MACHINERY)


def quieten_terminal(logger: logging.Logger) -> None:
    """Keep a logger's files as they are and its other outputs to single lines."""
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(TerminalFilter())
