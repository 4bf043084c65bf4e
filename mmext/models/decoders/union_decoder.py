"""From the channels' probabilities to one mask."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import AfterValidator, Field
from scipy.ndimage import label
from torch import Tensor
from typing_extensions import NotRequired, TypedDict

from mmext.checked import Share, checked
from mmext.errors import UserError
from mmext.registry import IMPORTS, MODELS, import_own_components

from .growth import grow as grown
from .pixel_rules import PIXEL_RULES, PixelRule, refuse_two_answers

# Decided by whole components of the union, not pixel by pixel; with the channels
# without which they have no meaning.
_BY_COMPONENTS: dict[str, tuple[str, ...]] = {"touching": ("target",), "hysteresis": ()}


def _known(mode: str) -> str:
    if mode not in PIXEL_RULES | _BY_COMPONENTS:
        import_own_components()
    known = [*PIXEL_RULES, *_BY_COMPONENTS]
    if mode not in known:
        raise ValueError(f"one of {', '.join(known)} (of your own: see {IMPORTS})")
    return mode


#: A pixel rule's name, or ``touching`` or ``hysteresis``.
Mode = Annotated[str, AfterValidator(_known)]
#: Pixels by which a decided mask may grow.
Growth = Annotated[int, Field(ge=0, le=16)]

# Neighbours within an image, none across the batch.
_FOUR_CONNECTED = np.zeros((3, 3, 3), bool)
_FOUR_CONNECTED[1] = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


class Decision(TypedDict):
    """What a decoder says of a batch.

    Attributes:
        mask: (N, H, W) bool, the decided mask.
        channels: (N, H, W) bool by channel name: which channel said so.
        pixels: (N, H, W) bool, only of a decoder that looks beyond single pixels: what
            :attr:`UnionDecoder.by_pixels` says. The mask is that of each image by
            itself; what puts images of one scene together can decide anew with this
            and ``core``, by :func:`decide_image`.
        core: (N, H, W) bool, only of a decoder that decides by components: the pixels
            that make theirs count.
    """

    mask: Tensor
    channels: dict[str, Tensor]
    pixels: NotRequired[Tensor]
    core: NotRequired[Tensor]


@MODELS.register_module()
class UnionDecoder:
    """Threshold every channel and decide by one of them or by several.

    The prediction of Ahn et al. 2025 (section III.2) is the union of the target
    and the error channel, each above 0.5. With a single channel, ``union`` is
    that channel. The other modes keep less of what the error channel adds:

    * ``gated``: the union of all channels but ``fp``, without the pixels of ``fp``.
    * ``touching``: of the union, the 4-connected components that hold a pixel of the
      target channel, or reach the probability ``confident`` in any channel. What only
      the error channel sees grows a found field or counts for nothing.
    * ``hysteresis``: of the union, the 4-connected components that reach the
      probability ``confident`` in any channel (Canny 1986, section VIII). A low
      threshold then outlines what a high one finds. Of one channel or several.

    Another rule is a mode as soon as it is registered by
    :func:`~mmext.models.decoders.pixel_rules.pixel_rule`.

    What is decided may then grow (:mod:`.growth`): where objects are labelled wider
    than they are seen, that finds more than any threshold.

    Args:
        mode: ``'union'``, ``'gated'``, ``'touching'``, ``'hysteresis'``, or
            ``'target'`` or ``'error'`` alone, or the name of a rule of one's own.
        threshold: A pixel belongs to a channel if its probability is above this;
            a number for all channels or a dict with one for each.
        confident: In the modes ``touching`` and ``hysteresis``, the probability above
            which a component stands by itself. 1 means never, which ``hysteresis``
            refuses: nothing would be left.
        grow: Pixels by which the decided mask grows, corner neighbours in every second
            step.

    Raises:
        UserError: An argument is of another type or range, or in the mode
            ``hysteresis`` ``confident`` is not above every threshold and below 1.
    """

    def __init__(
        self,
        mode: Mode = "union",
        threshold: Share | dict[str, Share] = 0.5,
        confident: Share = 1.0,
        grow: Growth = 0,
    ) -> None:
        # Here, too: mapping makes decoders of what its command line says.
        self.mode: str = checked(Mode, mode, "decoder.mode")
        self.threshold = checked(
            Share | dict[str, Share], threshold, "decoder.threshold"
        )
        self.confident = checked(Share, confident, "decoder.confident")
        self.grow = checked(Growth, grow, "decoder.grow")
        if self.mode == "hysteresis":
            self._refuse_one_level()

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that make this decoder again, plain values."""
        threshold = self.threshold
        return {
            "mode": self.mode,
            "threshold": dict(threshold) if isinstance(threshold, dict) else threshold,
            "confident": self.confident,
            "grow": self.grow,
        }

    @property
    def by_components(self) -> bool:
        """Whether a pixel's decision depends on its whole component."""
        return self.mode in _BY_COMPONENTS

    @property
    def pixelwise(self) -> bool:
        """Whether a pixel's decision depends on that pixel alone."""
        return not self.by_components and not self.grow

    @property
    def by_pixels(self) -> "UnionDecoder":
        """This decoder without what looks beyond a pixel: components and growth.

        Mapping sees a component only when its last window has come: it decides pixels
        by this, then asks :meth:`keeps` of every component, and grows what is left.
        """
        if self.pixelwise:
            return self
        return UnionDecoder(self._pixel_mode, self.threshold)

    @property
    def rule(self) -> PixelRule:
        """How channels are combined pixel by pixel."""
        return PIXEL_RULES[self._pixel_mode]

    @property
    def _pixel_mode(self) -> str:
        return "union" if self.by_components else self.mode

    def keeps(self, has_target: bool, highest: float) -> bool:
        """Whether a component of the :attr:`by_pixels` mask counts.

        Args:
            has_target: Whether a pixel of it is in the target channel.
            highest: Its highest probability in any channel.
        """
        if not self.by_components or highest > self.confident:
            return True
        return self.mode == "touching" and has_target

    def check(self, channels: Sequence[str]) -> None:
        """Refuse channels that this decoder cannot decide on.

        Raises:
            UserError: ``mode`` or ``threshold`` names a channel that is not there,
                a channel has no threshold, or the rule decides otherwise by scores
                than by masks.
        """
        for channel in _BY_COMPONENTS.get(self.mode, self.rule.needs):
            if channel not in channels:
                raise UserError(
                    f"decoder.mode: is {self.mode!r}, which needs the channel "
                    f"{channel}; there is {', '.join(channels)}"
                )
        if isinstance(self.threshold, dict) and set(self.threshold) != set(channels):
            raise UserError(
                f"decoder.threshold: is for {', '.join(self.threshold)}, expected "
                f"one for each of {', '.join(channels)}"
            )
        refuse_two_answers(self._pixel_mode, tuple(channels))

    def threshold_of(self, channel: str) -> float:
        """The threshold of a channel, in [0, 1]."""
        if isinstance(self.threshold, dict):
            return self.threshold[channel]
        return self.threshold

    def __call__(self, probabilities: Tensor, channels: Sequence[str]) -> Decision:
        """Decide.

        Args:
            probabilities: (N, K, H, W) in [0, 1].
            channels: The K channels' names.

        Raises:
            UserError: As :meth:`check`.
        """
        self.check(channels)
        masks = {
            name: _above(probability, self.threshold_of(name))
            for name, probability in zip(channels, probabilities.unbind(1), strict=True)
        }
        pixels = self.rule.combine(masks, torch.bitwise_not)
        if self.pixelwise:
            return Decision(mask=pixels, channels=masks)
        core = self.core(probabilities, channels) if self.by_components else None
        mask = decide_image(
            pixels.cpu().numpy(),
            None if core is None else core.cpu().numpy(),
            self.grow,
        )
        decision = Decision(
            mask=torch.from_numpy(mask).to(pixels.device),
            channels=masks,
            pixels=pixels,
        )
        if core is not None:
            decision["core"] = core
        return decision

    def core(self, probabilities: Tensor, channels: Sequence[str]) -> Tensor:
        """The pixels that make their component of the :attr:`by_pixels` mask count.

        Args:
            probabilities: (N, K, H, W) in [0, 1].
            channels: The K channels' names.

        Returns:
            (N, H, W) bool.
        """
        core = probabilities.amax(dim=1) > self.confident
        if self.mode == "touching":
            index = list(channels).index("target")
            core |= probabilities[:, index] > self.threshold_of("target")
        return core

    def _refuse_one_level(self) -> None:
        threshold = self.threshold
        levels = threshold.values() if isinstance(threshold, dict) else [threshold]
        highest = max(levels, default=0.0)
        if not highest < self.confident < 1:
            raise UserError(
                f"decoder.confident: is {self.confident:g}, the mode hysteresis "
                f"expects more than the threshold, {highest:g}, and less than 1"
            )


def _above(probability: Tensor, threshold: float) -> Tensor:
    if probability.device.type != "cpu":
        return probability > threshold
    # NumPy takes an eighth of the time.
    return torch.from_numpy(probability.detach().numpy() > threshold)


def decide_image(
    pixels: np.ndarray,
    core: np.ndarray | None,
    grow: int,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """What is decided of images that are whole, from what is decided of their pixels.

    Args:
        pixels: (N, H, W) bool, see :class:`Decision`.
        core: (N, H, W) bool, likewise; None of a decoder that doesn't decide by
            components.
        grow: Pixels by which the outcome grows.
        valid: (N, H, W) bool, where there are data: what has none is not decided, and
            neither component nor growth crosses it.

    Returns:
        (N, H, W) bool.
    """
    mask = pixels if valid is None else pixels & valid
    if core is not None:
        mask = touching(mask, core)
    return grown(mask, grow, valid)


def touching(mask: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The 4-connected components of ``mask`` with a pixel of ``core`` in them.

    This is hysteresis thresholding (Canny 1986, section VIII) with two masks in the
    place of two thresholds.

    Args:
        mask: (N, H, W) bool.
        core: (N, H, W) bool.

    Returns:
        (N, H, W) bool.
    """
    labels, number = label(mask, _FOUR_CONNECTED)
    kept = np.zeros(number + 1, bool)
    kept[labels[mask & core]] = True
    return kept[labels]
