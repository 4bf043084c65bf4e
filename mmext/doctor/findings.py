"""What the doctor found, each in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from mmext.errors import UserError

Level = Literal["error", "warning", "note", "ok"]
#: The worst first.
LEVELS: tuple[Level, ...] = ("error", "warning", "note", "ok")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: ``error`` where training would fail or mean nothing, ``warning`` where
            it may, ``note`` where one should know, ``ok``.
        topic: What was looked at: labels, sampler, time, …
        text: What was found, one line.
        advice: What to do, one line; empty where there is nothing.
    """

    level: Level
    topic: str
    text: str
    advice: str = ""


@dataclass
class Findings:
    """All findings, with the numbers behind them.

    Attributes:
        config: The config's path.
        findings: In the order in which they were made.
        facts: Plain values by topic.
    """

    config: str
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, level: Level, topic: str, text: str, advice: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(level, topic, text, advice))

    @property
    def has_errors(self) -> bool:
        """Whether something would make the training fail or mean nothing."""
        return any(finding.level == "error" for finding in self.findings)

    @contextmanager
    def refusals(self, topic: str) -> Iterator[None]:
        """Note what the block refuses as an error, and go on after it."""
        try:
            yield
        except UserError as error:
            self.add("error", topic, str(error))
