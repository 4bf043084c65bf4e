"""How several channels' answers become one, pixel by pixel."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmext.errors import UserError

#: Turns yes into no: ``~`` of masks, 1 − p of probabilities, −x of log-odds.
Inverse = Callable[[Tensor], Tensor]
#: One answer a pixel from each channel's, by ``torch.minimum`` (and),
#: ``torch.maximum`` (or) and the inverse (not).
Combine = Callable[[Mapping[str, Tensor], Inverse], Tensor]

# Points that masks and scores are compared at, more than enough for two levels of each
# of a few channels.
_TRIALS = 4096


@dataclass(frozen=True)
class PixelRule:
    """One answer a pixel, of masks as well as of scores.

    Attributes:
        combine: Takes each channel's answer by name, of one shape and dtype, and what
            turns an answer into its opposite. Answers are bool masks, probabilities
            moved so that the threshold lies at one half, or log-odds above the
            threshold; so the same rule decides a map, an exported file and a curve.
        needs: Channels without which it has no meaning.
        alone: Whether it looks at no other channel than those.
    """

    combine: Combine
    needs: tuple[str, ...] = ()
    alone: bool = False


#: By the name that a config's ``decoder.mode`` has.
PIXEL_RULES: dict[str, PixelRule] = {}


def pixel_rule(
    name: str, needs: Sequence[str] = (), alone: bool = False
) -> Callable[[Combine], Combine]:
    """Make a function a mode of :class:`~mmext.models.decoders.UnionDecoder`.

    A rule of one's own lies in a module that the config's ``custom_imports`` names,
    and ``MMEXT_IMPORTS`` where a checkpoint or an exported file is used.

    Args:
        name: What ``decoder.mode`` says.
        needs: As in :class:`PixelRule`.
        alone: As in :class:`PixelRule`.

    Raises:
        UserError: The name is taken.
    """
    if name in PIXEL_RULES:
        raise UserError(f"pixel_rule: the name {name!r} is taken, expected another")

    def register(combine: Combine) -> Combine:
        PIXEL_RULES[name] = PixelRule(combine, tuple(needs), alone)
        return combine

    return register


@functools.lru_cache(maxsize=64)
def refuse_two_answers(name: str, channels: tuple[str, ...]) -> None:
    """Refuse a rule whose scores decide otherwise than its masks.

    Both are compared at 4,096 points of random probabilities.

    Args:
        name: One of :data:`PIXEL_RULES`.
        channels: Names of the channels, which have all that the rule needs.

    Raises:
        UserError: They differ, or the rule looks at a channel that isn't there.
    """
    rule = PIXEL_RULES[name]
    generator = torch.Generator().manual_seed(0)
    scores = {each: torch.rand(_TRIALS, generator=generator) for each in channels}
    masks = {each: score > 0.5 for each, score in scores.items()}
    try:
        mask = rule.combine(masks, torch.bitwise_not)
        score = rule.combine(scores, lambda answer: 1 - answer)
    except KeyError as error:
        raise UserError(
            f"decoder.mode: the rule {name!r} looks at the channel {error}; "
            f"there is {', '.join(channels)}"
        ) from None
    if mask.dtype != torch.bool or not torch.equal(mask, score > 0.5):
        raise UserError(
            f"decoder.mode: the rule {name!r} decides otherwise by scores than by "
            "masks, expected one made of torch.minimum, torch.maximum and the inverse"
        )


@pixel_rule("target", needs=("target",), alone=True)
def _target(channels: Mapping[str, Tensor], inverse: Inverse) -> Tensor:
    return channels["target"]


@pixel_rule("error", needs=("error",), alone=True)
def _error(channels: Mapping[str, Tensor], inverse: Inverse) -> Tensor:
    return channels["error"]


@pixel_rule("union")
def _union(channels: Mapping[str, Tensor], inverse: Inverse) -> Tensor:
    return functools.reduce(torch.maximum, channels.values())


@pixel_rule("gated", needs=("fp",))
def _gated(channels: Mapping[str, Tensor], inverse: Inverse) -> Tensor:
    others = [answer for name, answer in channels.items() if name != "fp"]
    return torch.minimum(
        functools.reduce(torch.maximum, others), inverse(channels["fp"])
    )
