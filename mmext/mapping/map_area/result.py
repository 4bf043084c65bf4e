"""The area of a map as an estimate, however it was made."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmext.evaluation.stratified_area import Estimate
from mmext.fileio import atomic_path


@dataclass(frozen=True)
class AreaResult:
    """How much target there is.

    Attributes:
        kind: ``design-based`` (from points that were checked) or ``model-based`` (from
            validation data).
        mapped_area: m² that the map calls target.
        area: Estimate in m², with omission and commission.
        accuracies: By name, shares with their errors.
        matrix: What was counted, as a table.
        notes: A line for each thing that a reader must know.
    """

    kind: str
    mapped_area: float
    area: Estimate
    accuracies: dict[str, Estimate]
    matrix: pd.DataFrame
    notes: list[str]

    def write(self, folder: Path) -> None:
        """Write ``area.csv`` and ``matrix.csv``."""
        rows = [{"quantity": "mapped_area_m2", "value": self.mapped_area}]
        estimates = {"target_area_m2": self.area, **self.accuracies}
        rows += [
            {
                "quantity": name,
                "value": estimate.value,
                "standard_error": estimate.error,
                "low": estimate.low,
                "high": estimate.high,
            }
            for name, estimate in estimates.items()
        ]
        table = pd.DataFrame(rows).assign(kind=self.kind)
        with atomic_path(folder / "area.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
        with atomic_path(folder / "matrix.csv") as temporary:
            self.matrix.to_csv(temporary, index=False)
