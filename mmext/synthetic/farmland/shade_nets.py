"""The target: ginseng under shade nets."""

from dataclasses import dataclass

import numpy as np

from .parcels import Parcels
from .region import Region
from .textures import sharp_stripes


@dataclass(frozen=True)
class NetField:
    """A field under nets.

    Attributes:
        parcel: Its parcel.
        colour: The net's colour, 0–255.
        contrast: 0 (invisible) to 1 (fresh).
        period: Metres from stripe to stripe.
        tilt: Radians between the stripes and the parcel's rows.
        joint: Metres from joint to joint along a stripe.
        margin: Metres left free at the parcel's edge.
    """

    parcel: int
    colour: tuple[float, float, float]
    contrast: float
    period: float
    tilt: float
    joint: float
    margin: float


def draw_fields(
    rng: np.random.Generator, parcels: list[int], region: Region
) -> list[NetField]:
    """Give each chosen parcel nets in the region's habit."""
    colours, shares = zip(*region.net_colours.items(), strict=True)
    fields = []
    for parcel in parcels:
        contrast = 0.07 + 0.93 * rng.beta(*region.fading)
        fields.append(
            NetField(
                parcel=parcel,
                colour=colours[rng.choice(len(colours), p=shares)],
                contrast=float(contrast),
                period=float(rng.uniform(*region.stripe_period)),
                tilt=float(rng.normal(0, 0.03)),
                joint=float(rng.uniform(4.5, 7.5)),
                margin=float(rng.uniform(0.8, 1.8)),
            )
        )
    return fields


def paint_nets(
    rng: np.random.Generator,
    image: np.ndarray,
    parcels: Parcels,
    field: NetField,
    inside: tuple[np.ndarray, ...],
) -> None:
    """Paint a field's nets over its ground, in place.

    Stripes of net with gaps of ground between them; where two lengths of net meet,
    a faint joint crosses all stripes. What fades is the difference to the ground.

    Args:
        rng: Source of randomness.
        image: (H, W, 3) float32 in 0–255.
        parcels: The mosaic.
        field: The nets.
        inside: Two index arrays: the field's pixels.
    """
    across, along = parcels.across[inside], parcels.along[inside]
    position = across * np.cos(field.tilt) + along * np.sin(field.tilt)
    net = sharp_stripes(position, field.period, 0.68)
    joint = sharp_stripes(along, field.joint, 0.07)
    # Single lengths of net are older or newer than their neighbours.
    length = np.floor(position / field.period) * 977 + np.floor(along / field.joint)
    _, piece = np.unique(length.astype(np.int64), return_inverse=True)
    age = rng.normal(0, 5, int(piece.max()) + 1).astype(np.float32)[piece]
    ground = image[inside]
    colour = np.array(field.colour, np.float32) + age[:, None]
    covered = net * (1 - 0.45 * joint)
    image[inside] = ground + (colour - ground) * (covered * field.contrast)[:, None]
    # The gaps lie in the shade of the nets.
    image[inside] *= (1 - 0.10 * field.contrast * (1 - net))[:, None]
