from .candidates import ErrorHistory, label_candidates
from .correcting import apply_review
from .label_file import LabelFile
from .making import make_review
from .ranking_evaluation import compare_rankings
from .review import review
from .review_files import write_review

__all__ = [
    "ErrorHistory",
    "LabelFile",
    "apply_review",
    "compare_rankings",
    "label_candidates",
    "make_review",
    "review",
    "write_review",
]
