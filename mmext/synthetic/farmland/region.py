"""How the land looks in a region: what a test region has and a training one has not."""

from dataclasses import dataclass

from mmext.errors import UserError

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Region:
    """Light, colours and habits of a region.

    Lengths are in metres, colours in 0–255, shares sum to 1.

    Attributes:
        light: Gain of each band: the hour and the haze.
        haze: Added to every band.
        soil: Colour of bare soil.
        crop: Colour of a green crop.
        paddy: Colour of a rice paddy.
        parcel_width: Smallest and largest width of a parcel.
        parcel_length: Smallest and largest length.
        stripe_period: Smallest and largest distance of a shade net's stripes.
        net_colours: Colour of the nets and their shares.
        fading: Parameters a, b of the beta distribution of a field's contrast, 0
            invisible and 1 fresh.
        land_use: Shares of the parcels that are no target.
        woods: Share of the scene under trees.
        target_share: Share of the scene under shade nets, about.
    """

    light: RGB
    haze: float
    soil: RGB
    crop: RGB
    paddy: RGB
    parcel_width: tuple[float, float]
    parcel_length: tuple[float, float]
    stripe_period: tuple[float, float]
    net_colours: dict[RGB, float]
    fading: tuple[float, float]
    land_use: dict[str, float]
    woods: float
    target_share: float = 0.022


_BLUE, _BLACK, _SILVER = (62, 84, 124), (44, 44, 50), (142, 147, 152)

REGIONS = {
    # The hills of the north: larger parcels, more black nets, cool light.
    "gyeonggi": Region(
        light=(1.0, 1.0, 1.02),
        haze=4,
        soil=(146, 124, 98),
        crop=(84, 112, 62),
        paddy=(112, 128, 74),
        parcel_width=(14, 28),
        parcel_length=(26, 62),
        stripe_period=(1.8, 2.5),
        net_colours={_BLUE: 0.35, _BLACK: 0.45, _SILVER: 0.20},
        fading=(1.5, 1.1),
        land_use={
            "paddy": 0.36,
            "crop": 0.17,
            "bare": 0.12,
            "furrows": 0.11,
            "mulch": 0.08,
            "greenhouse": 0.06,
            "orchard": 0.06,
            "village": 0.04,
        },
        woods=0.16,
    ),
    # The plain of the south-west: red soil, smaller parcels, more blue and faded
    # nets, warm light, more mulch and greenhouses.
    "jeolla": Region(
        light=(1.03, 1.0, 0.96),
        haze=7,
        soil=(152, 122, 94),
        crop=(90, 114, 60),
        paddy=(122, 133, 78),
        parcel_width=(12, 24),
        parcel_length=(22, 52),
        stripe_period=(1.6, 2.3),
        net_colours={_BLUE: 0.55, _BLACK: 0.25, _SILVER: 0.20},
        fading=(1.2, 1.2),
        land_use={
            "paddy": 0.28,
            "crop": 0.18,
            "bare": 0.16,
            "furrows": 0.13,
            "mulch": 0.10,
            "greenhouse": 0.08,
            "orchard": 0.03,
            "village": 0.04,
        },
        woods=0.10,
    ),
}


def get_region(name: str) -> Region:
    """A region by name.

    Raises:
        UserError: There is none of that name.
    """
    if name not in REGIONS:
        raise UserError(f"region: is {name!r}, expected one of {', '.join(REGIONS)}")
    return REGIONS[name]
