"""What makes a run's results doubtful, said in the log and kept with the run.

A warning is one line that says what was seen and what to do. It stands in the log, in
``run.json`` and in the report. Those of a run are kept with its checkpoints, so that a
resumed run says each once, and a branch inherits its parent's.
"""

from mmengine.runner import Runner

from mmext.checked import checked

from .work_dir import RunWarning

_KEY = "mmext_warnings"


def warn_once(runner: Runner, kind: str, epoch: int, message: str) -> None:
    """Say a warning, unless the run has said one of its kind.

    Args:
        runner: The runner.
        kind: A name for what is wrong, such as ``'collapse'``.
        epoch: Epoch in which it was seen, counted from 1; 0 is before training.
        message: One line: what was seen, what was expected, what to do.
    """
    said = said_warnings(runner)
    if any(warning["kind"] == kind for warning in said):
        return
    runner.logger.warning(message)
    warning = RunWarning(kind=kind, epoch=epoch, message=message)
    runner.message_hub.update_info(_KEY, [*said, warning])


def said_warnings(runner: Runner) -> list[RunWarning]:
    """The warnings of a run so far."""
    found = runner.message_hub.runtime_info.get(_KEY, [])
    warnings: list[RunWarning] = checked(
        list[RunWarning], found, f"checkpoint: message_hub.{_KEY}"
    )
    return warnings
