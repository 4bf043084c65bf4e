"""Findings as a page to read, or as JSON."""

import json
import math
from dataclasses import asdict
from typing import Any

from .findings import LEVELS, Findings

_NAMES = {"error": "ERROR", "warning": "warning", "note": "note", "ok": "ok"}


def as_text(found: Findings) -> str:
    """One page: a line for each finding and what to do about it, the worst first."""
    lines = [found.config, ""]
    for level in LEVELS:
        for finding in found.findings:
            if finding.level == level:
                advice = f" → {finding.advice}" if finding.advice else ""
                lines.append(
                    f"{_NAMES[level]:8} {finding.topic:10} {finding.text}{advice}"
                )
    number = {level: sum(f.level == level for f in found.findings) for level in LEVELS}
    lines += ["", f"errors: {number['error']}, warnings: {number['warning']}"]
    return "\n".join(lines)


def as_json(found: Findings) -> str:
    """The same with the numbers behind it; NaN and infinity are null."""
    content = {
        "config": found.config,
        "findings": [asdict(finding) for finding in found.findings],
        "facts": found.facts,
    }
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
