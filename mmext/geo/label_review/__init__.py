from .applying import apply_verdicts
from .candidates import ErrorHistory, label_candidates
from .ranking_evaluation import compare_rankings
from .review import review, target_of
from .review_files import write_review

__all__ = [
    "ErrorHistory",
    "apply_verdicts",
    "compare_rankings",
    "label_candidates",
    "review",
    "target_of",
    "write_review",
]
