"""Tiles decided as the scene that they were cut from."""

import numpy as np
import pytest

from mmext.inference.scene_decision import TilePlace, decide_scenes
from mmext.models.decoders.growth import grow
from mmext.models.decoders.union_decoder import decide_image, touching

RNG = np.random.default_rng(5)


def cut(scene, layers, size, step):
    """Tiles in reading order; the last ones are smaller."""
    height, width = layers["pixels"].shape
    for row in range(0, height, step):
        for column in range(0, width, step):
            part = np.s_[row : row + size, column : column + size]
            yield (
                TilePlace(scene, row, column),
                {name: layer[part] for name, layer in layers.items()},
            )


def random_scene(shape, components, pixels):
    """Layers, and what is decided of them in one piece, as "expected"."""
    share = 0.4 if components else 0.97
    layers = {"pixels": RNG.random(shape) > share, "valid": RNG.random(shape) > 0.1}
    if components:
        layers["core"] = RNG.random(shape) > 0.98
    expected = layers["pixels"] & layers["valid"]
    if components:
        expected = touching(expected[None], layers["core"][None])[0]
    return layers | {"expected": grow(expected, pixels, layers["valid"])}


@pytest.mark.parametrize("step", [8, 5])
@pytest.mark.parametrize("components, pixels", [(True, 0), (False, 3), (True, 2)])
def test_each_tile_gets_its_part_of_the_scenes_decision(step, components, pixels):
    scenes = {name: random_scene((30, 41), components, pixels) for name in "ab"}
    tiles = [
        tile for name, scene in scenes.items() for tile in cut(name, scene, 8, step)
    ]
    order = RNG.permutation(len(tiles))
    places = [tiles[index][0] for index in order]

    def layers(index):
        of = tiles[order[index]][1]
        return {name: of[name] for name in of if name != "expected"}

    found = dict(decide_scenes(places, layers, pixels))
    assert sorted(found) == list(range(len(tiles)))
    alone = []
    for index, mask in found.items():
        expected = tiles[order[index]][1]["expected"]
        np.testing.assert_array_equal(mask, expected)
        of = {name: layer[None] for name, layer in layers(index).items()}
        by_itself = decide_image(of["pixels"], of.get("core"), pixels, of["valid"])
        alone.append((by_itself[0] != expected).any())
    assert any(alone)


def test_a_scene_may_begin_anywhere_and_have_gaps():
    row, nothing = np.ones((1, 3), bool), np.zeros((1, 3), bool)
    places = [TilePlace("a", 7, 10 + 3 * k) for k in (0, 1, 3)]
    cores = [row, nothing, nothing]
    found = decide_scenes(
        places, lambda index: dict(pixels=row, core=cores[index], valid=row), 0
    )
    # The third tile lies beyond a gap.
    assert [mask.all() for _, mask in found] == [True, True, False]


def test_where_tiles_overlap_the_later_one_is_the_scene():
    ones, zeros = np.ones((1, 4), bool), np.zeros((1, 4), bool)
    places = [TilePlace("a", 0, 0), TilePlace("a", 0, 2)]
    masks = [ones, zeros]
    found = dict(
        decide_scenes(
            places, lambda index: dict(pixels=masks[index], core=ones, valid=ones), 0
        )
    )
    assert found[0].tolist() == [[True, True, False, False]]
    assert not found[1].any()
