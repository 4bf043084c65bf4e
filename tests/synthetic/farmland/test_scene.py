from dataclasses import replace

import numpy as np
import pytest
from rasterio.features import rasterize

from mmext.errors import UserError
from mmext.synthetic.farmland import REGIONS, SceneSpec, render_scene


@pytest.fixture(scope="module")
def scene():
    return render_scene(SceneSpec(700, 800, seed=3))


def truth_of(scene):
    return rasterize(
        scene.fields.geometry,
        out_shape=scene.image.shape[:2],
        transform=scene.transform,
    ).astype(bool)


def test_the_seed_decides_everything(scene):
    again = render_scene(SceneSpec(700, 800, seed=3))
    other = render_scene(SceneSpec(700, 800, seed=4))
    np.testing.assert_array_equal(scene.image, again.image)
    assert scene.fields.geometry.equals(again.fields.geometry)
    assert (scene.image != other.image).mean() > 0.5


def test_target_share_is_near_two_percent():
    shares = [
        truth_of(render_scene(SceneSpec(800, 800, seed=seed))).mean()
        for seed in range(2)
    ]
    assert 0.014 < np.mean(shares) < 0.03


def test_a_region_of_ones_own():
    """The same land with thrice the nets, and more of them faded."""
    plain = REGIONS["gyeonggi"]
    denser = replace(plain, target_share=0.066, fading=(1.0, 9.0))
    one, other = (
        render_scene(SceneSpec(800, 800, 0, region)) for region in (plain, denser)
    )
    assert 2 < truth_of(other).mean() / truth_of(one).mean() < 4
    assert other.fields["contrast"].mean() < one.fields["contrast"].mean()


def test_stripes_lie_inside_the_polygons(scene):
    """Along its strongest colour a fresh field varies by far more than noise (2.6)."""
    fresh = scene.fields.sort_values("contrast").iloc[[-1]]
    inside = rasterize(
        fresh.geometry, out_shape=scene.image.shape[:2], transform=scene.transform
    ).astype(bool)
    covariance = np.cov(scene.image[inside].astype(float).T)
    assert np.sqrt(np.linalg.eigvalsh(covariance)[-1]) > 7
    assert fresh.contrast.iloc[0] > 0.3


def test_regions_differ_in_light_and_habit():
    north = render_scene(SceneSpec(500, 500, seed=1))
    south = render_scene(SceneSpec(500, 500, seed=1, region="jeolla"))
    north_colour, south_colour = (
        s.image.reshape(-1, 3).mean(axis=0) for s in (north, south)
    )
    assert (south_colour - north_colour)[0] - (south_colour - north_colour)[2] > 4


@pytest.mark.parametrize("shape", [(1, 1), (33, 57), (129, 64)])
def test_any_size(shape):
    scene = render_scene(SceneSpec(*shape, seed=0))
    assert scene.image.shape == (*shape, 3)
    assert scene.image.dtype == np.uint8


def test_metres_and_crs(scene):
    assert scene.fields.crs.to_epsg() == 5186
    assert scene.fields.crs.axis_info[0].unit_name == "metre"
    np.testing.assert_allclose(scene.fields.area, scene.fields.area_m2, atol=0.06)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(height=0), "expected positive"),
        (dict(pixel_size=0), "expected positive"),
        (dict(region="mars"), "expected one of gyeonggi, jeolla"),
    ],
)
def test_nonsense_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        render_scene(SceneSpec(**{"height": 8, "width": 8, **change}))
