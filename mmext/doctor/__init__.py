"""What can be known of a training before hours are spent on it."""

from .examine import examine
from .findings import Finding, Findings
from .page import as_json, as_text

__all__ = ["Finding", "Findings", "as_json", "as_text", "examine"]
