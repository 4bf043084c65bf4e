"""What a colour camera sees of a view."""

import numpy as np

from .objects import Layout
from .patterns import waves
from .ray_casting import View

_SUN = np.array([-0.45, 0.35, 0.82])
_AMBIENT = 0.45
_GAMMA = 1 / 2.2
_NOISE = 0.008
_SKY = np.array([0.55, 0.7, 0.95])


def render_colour(
    rng: np.random.Generator, view: View, layout: Layout, phases: np.ndarray
) -> np.ndarray:
    """The view in daylight or lamplight: Lambert shading, patterns, noise.

    Args:
        rng: For the noise.
        view: What the camera sees.
        layout: The scene; ``light`` is its brightness.
        phases: (K, 4) in [0, 1), see :func:`~.patterns.waves`.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    surfaces = [item.surface for item in layout.objects]
    colour = np.array([*(s.colour for s in surfaces), (0, 0, 0)])[view.index]
    contrast = np.array([*(s.pattern for s in surfaces), 0.0])[view.index]
    size = np.array([*(s.pattern_size for s in surfaces), 1.0])[view.index]
    pattern = np.sign(waves(view.points / size[..., None], phases))
    direct = (view.normals @ (_SUN / np.linalg.norm(_SUN))).clip(0)
    brightness = layout.light * (_AMBIENT + (1 - _AMBIENT) * direct)
    lit = colour * (brightness * (1 + contrast * pattern))[..., None]
    lit = np.where((view.index < 0)[..., None], layout.light * _SKY, lit)
    lit = lit + rng.normal(0, _NOISE, lit.shape)
    return np.rint(255 * lit.clip(0, 1) ** _GAMMA).astype(np.uint8)
