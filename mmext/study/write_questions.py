"""The section "Questions" of a study's page."""

from mmext.evaluation.bootstrap import Interval
from mmext.reporting.numbers import ends, rounded
from mmext.reporting.report_writer import ReportWriter

from .findings import Finding
from .questions import SIGNIFICANCE
from .results import Results

HEADINGS = {
    "question": "Question",
    "arm": "Arm",
    "against": "Against",
    "endpoint": "Endpoint",
    "verdict": "Verdict",
    "difference": "Δ",
    "over_seeds": "t interval over seeds",
    "crossed": "Bootstrap over seeds and scenes",
    "adjusted_p": "p, Holm",
    "p": "p",
    "margin": "Margin",
}
_CSV = {"over_seeds": ("t_low", "t_high"), "crossed": ("crossed_low", "crossed_high")}


def add_questions(writer: ReportWriter, results: Results) -> None:
    """Add each question with its verdict; nothing if the study has none.

    Args:
        writer: Of the page and ``questions.csv``.
        results: What was found.
    """
    findings = results.findings
    if not findings:
        return
    writer.heading("Questions")
    writer.page.text(
        f"One endpoint each, on the test store. Δ is the arm's mean over "
        f"{len(results.study.seeds)} seeds minus the other's; of several, the "
        "one with the best mean IoU on the validation store is taken. Both "
        "intervals are of 95 %: Student's t over seeds, and a bootstrap that draws "
        "seeds and test scenes together. p is the t test's, adjusted for the "
        f"{len(findings)} questions of this study (Holm 1979). Decided: adjusted p < "
        f"{SIGNIFICANCE:g}, both intervals on the same side of 0. No: both intervals "
        "within ± the margin, no difference that matters. Otherwise undecided."
    )
    writer.page.table([_row(finding) for finding in findings], HEADINGS, text=5)
    undefined = max(finding.comparison.crossed.undefined for finding in findings)
    if undefined:
        writer.page.text(
            f"In up to {undefined:.2%} of the bootstrap's draws there is neither "
            "target nor prediction, so no IoU; they are left out.",
            quiet=True,
        )
    columns = [part for name in HEADINGS for part in _CSV.get(name, (name,))]
    writer.csv("questions", [_csv_row(finding) for finding in findings], columns)


def _about(finding: Finding) -> dict[str, object]:
    asked = finding.question
    return {
        "question": asked.name,
        "arm": finding.arm,
        "against": finding.against,
        "verdict": finding.verdict,
        "endpoint": asked.endpoint,
        "margin": asked.margin,
    }


def _row(finding: Finding) -> dict[str, object]:
    compared, asked = finding.comparison, finding.question
    row = _about(finding) | {
        "difference": rounded(compared.over_seeds.value, "+.4f"),
        "over_seeds": ends(compared.over_seeds),
        "crossed": ends(compared.crossed),
        "p": rounded(compared.over_seeds.p),
        "adjusted_p": rounded(finding.adjusted_p),
    }
    for name, of in (("arm", asked.arms), ("against", asked.rivals)):
        if len(of) > 1:
            row[name] = f"{row[name]} (best of {len(of)})"
    return row


def _csv_row(finding: Finding) -> dict[str, object]:
    compared = finding.comparison
    row = _about(finding) | {
        "difference": compared.over_seeds.value,
        "p": compared.over_seeds.p,
        "adjusted_p": finding.adjusted_p,
    }
    intervals: dict[str, Interval] = {
        "over_seeds": compared.over_seeds,
        "crossed": compared.crossed,
    }
    for name, interval in intervals.items():
        row |= dict(zip(_CSV[name], (interval.low, interval.high), strict=True))
    return row
