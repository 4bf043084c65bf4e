"""Scores of a depth map's structure, whatever its scale and shift."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, stats

from mmext.structures.structural_space import StructuralSpace

from .alignment import least_squares_alignment
from .depth_scores import depth_sums

#: Names of the scores, in the order tables give them.
STRUCTURE_SCORES = (
    "aligned_abs_rel",
    "aligned_d1",
    "correlation",
    "collapsed",
    "order_error",
    "edge_accuracy",
    "edge_completeness",
)
#: A map whose rank correlation with the truth is lower has lost the scene.
COLLAPSED_BELOW = 0.5
#: Edges farther apart than this, in pixels, have nothing to do with each other.
FAR = 10.0
_PAIRS = 10_000
# Ranks of more pixels would take longer than all else.
_RANKED = 10_000
# Two depths are ordered if they differ by more than this share.
_ORDERED = 0.03
# Change of log depth from one pixel to the next at which an edge begins and goes on.
_EDGE, _EDGE_GOES_ON = 0.03, 0.015
_BLUR = math.sqrt(2)
# Beyond the blur and the derivative's kernel a hole changes nothing.
_NEAR_HOLES = 6
_AROUND = np.ones((3, 3), np.uint8)
_FINE = 10_000  # int16 steps a unit of log depth, for OpenCV's Canny


@dataclass(frozen=True)
class StructureScorer:
    """Scores one image's map against true depth.

    Attributes:
        min_depth: Metres; aligned depth is raised to it.
        max_depth: Metres; aligned depth is lowered to it.
    """

    min_depth: float
    max_depth: float

    def __call__(
        self,
        values: np.ndarray,
        truth: np.ndarray,
        mask: np.ndarray,
        space: StructuralSpace,
    ) -> dict[str, float]:
        """The scores of :data:`STRUCTURE_SCORES`; a positive scale changes none.

        * ``aligned_abs_rel``, ``aligned_d1``: AbsRel and δ1 after the least-squares
          scale and shift, in the map's own space (Ranftl et al. 2020, section 5).
        * ``correlation``: Spearman's, 1 if all pixels are in the right order (of up to
          10,000, evenly spaced).
        * ``collapsed``: 1 if that is below :data:`COLLAPSED_BELOW`, else 0; of images
          whose truth is not flat.
        * ``order_error``: of pairs of pixels whose depths differ by more than 3 %,
          the share that the map orders otherwise or not at all (after Chen et al.
          2016; up to 10,000 pairs, the same in each call).
        * ``edge_accuracy``, ``edge_completeness``: in pixels, after Koch et al. 2018
          (depth boundary errors): the mean distance from the map's edges to the nearest
          true one, of those at most :data:`FAR` from one; and from the true edges to
          the map's nearest, at most :data:`FAR`. Edges are Canny's in log depth,
          after alignment, where it changes by 3 % a pixel.

        Args:
            values: (H, W), of any scale and shift.
            truth: (H, W) metres, > 0 where ``mask``.
            mask: (H, W) bool, pixels that count.
            space: Whether larger values are farther or nearer.

        Returns:
            Each score, NaN where there is nothing to say: no valid pixel, no ordered
            pair, no edge.
        """
        if not mask.any():
            return dict.fromkeys(STRUCTURE_SCORES, math.nan)
        aligned = self._aligned(values, truth, mask, space)
        sums = depth_sums(aligned, truth, mask).scores()
        farther = -values if space == "inverse_depth" else values
        step = -(-int(mask.sum()) // _RANKED)
        correlation = _rank_correlation(farther[mask][::step], truth[mask][::step])
        accuracy, completeness = _edge_distances(aligned, truth, mask)
        collapsed = float(correlation < COLLAPSED_BELOW)
        return {
            "aligned_abs_rel": sums["abs_rel"],
            "aligned_d1": sums["d1"],
            "correlation": correlation,
            "collapsed": math.nan if math.isnan(correlation) else collapsed,
            "order_error": _order_error(farther[mask], truth[mask]),
            "edge_accuracy": accuracy,
            "edge_completeness": completeness,
        }

    def _aligned(
        self, values: np.ndarray, truth: np.ndarray, mask: np.ndarray, space: str
    ) -> np.ndarray:
        if space == "depth":
            aligned = least_squares_alignment(values, truth, mask)
            return aligned.clip(self.min_depth, self.max_depth)
        inverse = 1 / np.where(mask, truth, 1).astype(np.float64)
        aligned = least_squares_alignment(values, inverse, mask)
        return 1 / aligned.clip(1 / self.max_depth, 1 / self.min_depth)


def _rank_correlation(farther: np.ndarray, truth: np.ndarray) -> float:
    if np.ptp(truth) == 0:
        return math.nan
    if np.ptp(farther) == 0:
        return 0.0  # a flat map orders nothing
    return float(stats.spearmanr(farther, truth).statistic)


def _order_error(farther: np.ndarray, truth: np.ndarray) -> float:
    if len(truth) * (len(truth) - 1) // 2 <= _PAIRS:
        first, second = np.triu_indices(len(truth), 1)
    else:
        first, second = np.random.default_rng(0).integers(len(truth), size=(2, _PAIRS))
    a, b = truth[first], truth[second]
    ordered = np.maximum(a, b) > (1 + _ORDERED) * np.minimum(a, b)
    if not ordered.any():
        return math.nan
    said = np.sign(farther[first].astype(np.float64) - farther[second])
    return float((said != np.sign(a - b))[ordered].mean())


def _edge_distances(
    aligned: np.ndarray, truth: np.ndarray, mask: np.ndarray
) -> tuple[float, float]:
    # A hole has no depth: its nearest pixel's stands in, and no edge near it counts.
    nearest = ndimage.distance_transform_edt(
        ~mask, return_distances=False, return_indices=True
    )
    counts = cv2.erode(mask.astype(np.uint8), _AROUND, iterations=_NEAR_HOLES) > 0
    found = _edges(aligned) & counts
    true = _edges(truth[tuple(nearest)]) & counts
    if not true.any():
        return math.nan, math.nan
    if not found.any():
        return math.nan, FAR
    to_true, to_found = _distances(true)[found], _distances(found)[true]
    related = to_true[to_true <= FAR]
    accuracy = float(related.mean()) if len(related) else math.nan
    return accuracy, float(to_found.clip(max=FAR).mean())


def _distances(edges: np.ndarray) -> np.ndarray:
    apart = (~edges).astype(np.uint8)
    return cv2.distanceTransform(apart, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _edges(depth: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(np.log(depth).astype(np.float32), (0, 0), _BLUR)
    slopes = [
        # A Sobel kernel's weights add up to 8 on the side of a step.
        cv2.Sobel(smooth, cv2.CV_32F, dx, dy, ksize=3, scale=_FINE / 8)
        for dx, dy in ((1, 0), (0, 1))
    ]
    low, high = _EDGE_GOES_ON * _FINE, _EDGE * _FINE
    limit = np.iinfo(np.int16).max
    dx, dy = (slope.clip(-limit, limit).astype(np.int16) for slope in slopes)
    return cv2.Canny(dx, dy, low, high, L2gradient=True) > 0


def mean_structure_scores(images: list[dict[str, float]]) -> dict[str, float]:
    """Each score's mean over the images that have it; NaN if none has.

    Args:
        images: Of each its scores by name, the same names.
    """
    means = {}
    for name in dict.fromkeys(name for image in images for name in image):
        values = np.array([image.get(name, math.nan) for image in images], float)
        known = values[np.isfinite(values)]
        means[name] = float(known.mean()) if len(known) else math.nan
    return means
