"""Study 4 of the protocol: its nine questions about thermal depth.

python docs/results/mm5_structure/judge.py RUNS OUT

RUNS is the folder that tools/study_mm5.sh trained in. Writes OUT/questions.csv and
prints it, and OUT/collapse.csv: the share of collapsed images of each training.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmext.evaluation.paired_t import holm, paired_t
from mmext.reporting.depth.ablation import Ablation, group_ablations, last_score
from mmext.reporting.runs import find_runs
from mmext.study.questions import SIGNIFICANCE

REFERENCE = "all"
#: A change whose interval stays within it is no difference.
MARGIN = 0.1


@dataclass(frozen=True)
class Question:
    """An arm's change of a score against all losses.

    Attributes:
        name: As the protocol numbers it.
        arm: Configuration.
        setting: Folder of the runs.
        pixels: Set of pixels, or output, that is scored.
        score: Of it.
        yes: The answers that count as yes.
        relative: Whether the change is divided by the reference's score.
    """

    name: str
    arm: str
    setting: str
    pixels: str
    score: str
    yes: tuple[str, ...]
    relative: bool = True


PUBLISHED, A_TO_B, B_TO_A = (
    f"fastdepth_{setting}" for setting in ("published", "AtoB", "BtoA")
)
LOWER, HIGHER, SAME = "lower", "higher", "no difference"
QUESTIONS = (
    Question("4a", "confident", PUBLISHED, "all", "abs_rel", (LOWER,)),
    Question("4b", "confident", A_TO_B, "all", "abs_rel", (SAME,)),
    Question("4c", "confident", B_TO_A, "all", "abs_rel", (SAME, LOWER)),
    Question("4d", "resize", PUBLISHED, "metric", "checkerboard", (LOWER,)),
    Question("4e", "resize", PUBLISHED, "object", "abs_rel", (LOWER, SAME)),
    Question("4f", "shifted", A_TO_B, "all", "abs_rel", (LOWER,)),
    Question("4g", "shifted", B_TO_A, "all", "abs_rel", (LOWER,)),
    Question(
        "4h", "no_consistency", PUBLISHED, "structural", "collapsed", (HIGHER,), False
    ),
    Question("4i", "no_consistency", A_TO_B, "all", "abs_rel", (HIGHER,)),
)


def changes(question: Question, ablation: Ablation) -> np.ndarray:
    """(S,) change of the score with each seed."""
    found = []
    for seed in ablation.seeds:
        runs = ablation.of_seed(seed)
        if not {REFERENCE, question.arm} <= runs.keys():
            raise SystemExit(f"{question.name}: seed {seed} has not both arms")
        before, after = (
            last_score(runs[name], question.pixels, question.score)
            for name in (REFERENCE, question.arm)
        )
        found.append((after - before) / (before if question.relative else 1))
    return np.array(found)


def collapse(settings: dict[str, Ablation]) -> pd.DataFrame:
    """Share of collapsed images, of both outputs, in each training."""
    rows = [
        {
            "setting": setting,
            "configuration": name,
            "seed": seed,
            **{
                output: last_score(run, output, "collapsed")
                for output in ("structural", "metric")
            },
        }
        for setting, ablation in settings.items()
        for seed in ablation.seeds
        for name, run in ablation.of_seed(seed).items()
    ]
    return pd.DataFrame(rows).sort_values(["setting", "configuration", "seed"])


def main() -> None:
    """Ask all nine, and correct for their number."""
    runs, notes = find_runs([Path(sys.argv[1])])
    ablations, left_out = group_ablations(runs)
    for note in notes + left_out:
        print(note, file=sys.stderr)
    settings = {Path(ablation.label).name: ablation for ablation in ablations}
    tests = []
    for question in QUESTIONS:
        found = changes(question, settings[question.setting])
        tests.append(paired_t(np.zeros(len(found)), found))
    rows = []
    adjusted_p = holm([test.p for test in tests])
    for question, test, p in zip(QUESTIONS, tests, adjusted_p, strict=True):
        # A small change may be sure, and small enough to count as none.
        verdicts = []
        if p < SIGNIFICANCE:
            verdicts.append(HIGHER if test.value > 0 else LOWER)
        if question.relative and test.low > -MARGIN and test.high < MARGIN:
            verdicts.append(SAME)
        rows.append(
            {
                "question": question.name,
                "arm": question.arm,
                "setting": question.setting,
                "endpoint": f"{question.pixels}.{question.score}",
                "change": test.value,
                "t_low": test.low,
                "t_high": test.high,
                "p": test.p,
                "adjusted_p": p,
                "verdict": ", ".join(verdicts) or "undecided",
                "yes": any(verdict in question.yes for verdict in verdicts),
            }
        )
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    table.to_csv(out / "questions.csv", index=False, float_format="%.4f")
    print(table.round(4).to_string(index=False))
    collapse(settings).to_csv(out / "collapse.csv", index=False, float_format="%.3f")


if __name__ == "__main__":
    main()
