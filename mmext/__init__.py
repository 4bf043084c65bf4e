"""Error-aware segmentation of sparse targets, on mmseg."""

import warnings

__version__ = "0.1.0"

# mmcv says this on every import; nothing here needs its compiled operators.
warnings.filterwarnings(
    "ignore", message="Fail to import ``MultiScaleDeformableAttention``"
)
# pyogrio says this of tables in pixels, which images without a georeference give.
warnings.filterwarnings("ignore", message="'crs' was not provided")
