"""Finding labels whose errors have the shape of a label error."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .components import Components, Window, trimmed, widened

#: The kinds of label errors.
MISSING, WRONG, SHIFTED = "missing target", "wrong target", "boundary shift"
KINDS = (MISSING, WRONG, SHIFTED)

#: A label whose inner half was wrong this many times as often as all of it is wrong
#: altogether; otherwise its edge is.
_CORE = 0.5
#: One-sidedness above which a label lies beside its place even so.
_ASIDE = 0.75
#: What is predicted on a label is an outline of it from this share of its size on.
_OUTLINE = 0.1
#: A pixel with those that share an edge or a corner with it.
_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Evidence:
    """What a scene's labels are judged by; all (H, W).

    Attributes:
        objects: The labels.
        predicted: What the model decides now.
        extra: Where there never was a label and the model was ever wrong.
        missed: Bool, where a label was ever a false negative.
        times: How often it was wrong.
    """

    objects: Components
    predicted: Components
    extra: Components
    missed: np.ndarray
    times: np.ndarray


@dataclass(frozen=True)
class Found:
    """A candidate, in the window around it.

    Attributes:
        kind: ``MISSING``, ``WRONG`` or ``SHIFTED``.
        window: Rows and columns.
        shown: Bool, the pixels that its outline holds in the window.
        errors: Bool, where it was wrong.
        likeness: How much its shape is that of such an error, in [0, 1].
        parts: What its outline is made of: numbers of false-positive regions (a
            missing target), of labels (a wrong one) or of what is predicted (a shift).
        label: The label's number; 0 of a missing target.
    """

    kind: str
    window: Window
    shown: np.ndarray
    errors: np.ndarray
    likeness: float
    parts: tuple[int, ...]
    label: int


def find(evidence: Evidence, tolerance: int, min_pixels: int) -> Iterator[Found]:
    """Yield candidates; see :func:`.candidates.label_candidates`."""
    yield from _missing(evidence, tolerance, min_pixels)
    for label, window in evidence.objects:
        found = _judge(evidence, label, window, tolerance)
        if found:
            yield found


def _missing(evidence: Evidence, tolerance: int, min_pixels: int) -> Iterator[Found]:
    objects, regions = evidence.objects, evidence.extra
    sizes = objects.sizes[objects.sizes > 0]
    usual = np.median(sizes) if len(sizes) else 1
    near = objects.ids > 0
    if tolerance:
        near = ndimage.binary_dilation(near, _NEIGHBOURS, tolerance)
    touching = set(np.unique(regions.ids[near]).tolist())
    for number, window in regions:
        pixels = regions.sizes[number - 1]
        if number not in touching and pixels >= min_pixels:
            mask = regions.ids[window] == number
            likeness = min(1.0, pixels / usual)
            yield Found(MISSING, window, mask, mask, likeness, (number,), 0)


def _judge(
    evidence: Evidence, number: int, window: Window, tolerance: int
) -> Found | None:
    """A label as a candidate, None where nothing is wrong with it."""
    objects, regions = evidence.objects, evidence.extra
    if not (evidence.missed[window] & (objects.ids[window] == number)).any():
        return None
    # What lies farther off than the label is long says nothing of it.
    length = max(part.stop - part.start for part in window)
    window = widened(window, length)
    label = objects.ids[window] == number
    predicted = evidence.predicted
    shown = _numbers(predicted.ids[window][label])
    # Specks would do as outlines, and the label be replaced by them.
    if sum(predicted.sizes[part - 1] for part in shown) < _OUTLINE * label.sum():
        shown = []
    edge = ndimage.binary_dilation(label, _NEIGHBOURS)
    around = _numbers(regions.ids[window][edge])
    extra = np.isin(regions.ids[window], around)
    outline = np.isin(predicted.ids[window], shown)
    inner = trimmed(window, label | extra | outline)
    label, extra, outline = (
        mask[_relative(inner, window)] for mask in (label, extra, outline)
    )
    missed, times = label & evidence.missed[inner], evidence.times[inner]
    sided = _one_sidedness(label, times * missed, times * extra)
    inside = times[_core(label)].mean() >= _CORE * times[label].mean()
    if inside and not (shown and sided > _ASIDE):
        share = float(missed.sum() / label.sum())
        return Found(WRONG, inner, label, missed, share, (number,), number)
    band = missed | extra
    width = 2 * ndimage.distance_transform_edt(np.pad(band, 1)).max(initial=0) - 1
    if shown and width > tolerance:
        return Found(SHIFTED, inner, outline, band, sided, tuple(shown), number)
    return None


def _relative(inner: Window, outer: Window) -> Window:
    rows, columns = (
        slice(here.start - there.start, here.stop - there.start)
        for here, there in zip(inner, outer, strict=True)
    )
    return rows, columns


def _numbers(ids: np.ndarray) -> list[int]:
    return [number for number in np.unique(ids).tolist() if number]


def _core(label: np.ndarray) -> np.ndarray:
    """The inner half of a label, by depth."""
    depth = ndimage.distance_transform_edt(np.pad(label, 1))[1:-1, 1:-1]
    return depth > depth.max() / 2


def _one_sidedness(label: np.ndarray, missed: np.ndarray, extra: np.ndarray) -> float:
    """How much what is missed lies opposite to what is extra, in [0, 1].

    Along all edges alike, the two have one centre; of a shifted outline the centres
    lie as far apart as the label is wide.
    """
    if not (missed.any() and extra.any()):
        return 0.0
    centres = [np.array(ndimage.center_of_mass(part)) for part in (missed, extra)]
    apart = np.linalg.norm(centres[0] - centres[1])
    return float(min(1.0, apart / np.sqrt(label.sum())))
