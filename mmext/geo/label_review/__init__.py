from .applying import apply_verdicts
from .candidates import label_candidates
from .ranking_evaluation import average_precision, hits, precision_at

__all__ = [
    "apply_verdicts",
    "average_precision",
    "hits",
    "label_candidates",
    "precision_at",
]
