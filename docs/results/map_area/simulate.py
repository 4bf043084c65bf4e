"""Study 6 of the protocol: how often the 95 % interval of an area holds the truth.

python docs/results/map_area/simulate.py docs/results/map_area/coverage.csv
"""

import itertools
import sys

import numpy as np
import pandas as pd

from mmext.evaluation.stratified_area import StratifiedSample, allocate

SAMPLES = 2000
WORLDS = itertools.product(
    (0.01, 0.05, 0.1, 0.2),  # share that is mapped
    (0.001, 0.005, 0.02, 0.05),  # target's share of what isn't
    (0.05, 0.2, 0.5),  # share of what is mapped that isn't target
    (100, 300, 600),  # points
)
rows = []
for seed, (share, omission, commission, points) in enumerate(WORLDS):
    areas = np.array([1 - share, share])
    target = np.array([omission, 1 - commission])
    truth = (areas * target).sum()
    drawn = allocate(areas, points)
    rng = np.random.default_rng(seed)
    held, half_widths = 0, []
    for _ in range(SAMPLES):
        found = rng.binomial(drawn, target)
        counts = np.stack([drawn - found, found], axis=1)
        area = StratifiedSample(areas, counts).area(1)
        held += area.low <= truth <= area.high
        half_widths.append((area.high - area.low) / 2)
    rows.append(
        {
            "mapped_share": share,
            "omission": omission,
            "commission": commission,
            "points": points,
            "points_not_mapped": drawn[0],
            "points_mapped": drawn[1],
            "expected_contradictions": (drawn * np.minimum(target, 1 - target)).min(),
            "true_area": truth,
            "coverage": held / SAMPLES,
            "half_width_over_truth": np.mean(half_widths) / truth,
        }
    )
pd.DataFrame(rows).to_csv(sys.argv[1], index=False, float_format="%.5g")
