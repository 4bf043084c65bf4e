"""Error-aware segmentation of sparse targets, on mmseg."""

import os
import warnings

__version__ = "0.1.0"

# mmcv says this on every import; nothing here needs its compiled operators.
warnings.filterwarnings(
    "ignore", message="Fail to import ``MultiScaleDeformableAttention``"
)
# pyogrio says this of tables in pixels, which images without a georeference give.
warnings.filterwarnings("ignore", message="'crs' was not provided")

# OpenMP's threads spin while they wait for each other, and take the cores from whatever
# else runs there: an epoch of 14 s took 147 s. It reads this when torch is loaded.
if "GOMP_SPINCOUNT" not in os.environ:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
