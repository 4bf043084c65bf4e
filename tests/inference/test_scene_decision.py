"""Tiles decided as the scene that they were cut from."""

import numpy as np
import pytest
import torch

from mmext.inference.scene_decision import TilePlace, decide_scenes
from mmext.models.decoders.union_decoder import touching

RNG = np.random.default_rng(5)


def cut(scene, array, size, step):
    """Tiles in reading order; the last ones are smaller."""
    for row in range(0, array[0].shape[0], step):
        for column in range(0, array[0].shape[1], step):
            part = np.s_[row : row + size, column : column + size]
            yield TilePlace(scene, row, column), tuple(layer[part] for layer in array)


def random_scene(shape):
    mask, core = RNG.random(shape) > 0.4, RNG.random(shape) > 0.98
    whole = touching(torch.from_numpy(mask)[None], torch.from_numpy(core)[None])
    assert 0 < whole.sum() < mask.sum()
    return mask, core, whole[0].numpy()


@pytest.mark.parametrize("step", [8, 5])
def test_each_tile_gets_its_part_of_the_scenes_decision(step):
    scenes = {name: random_scene((30, 41)) for name in "ab"}
    tiles = [
        tile for name, scene in scenes.items() for tile in cut(name, scene, 8, step)
    ]
    order = RNG.permutation(len(tiles))
    places = [tiles[index][0] for index in order]
    found = dict(decide_scenes(places, lambda index: tiles[order[index]][1][:2]))
    assert sorted(found) == list(range(len(tiles)))
    alone = []
    for index, mask in found.items():
        part_mask, part_core, expected = tiles[order[index]][1]
        np.testing.assert_array_equal(mask, expected)
        by_itself = touching(
            torch.from_numpy(part_mask)[None], torch.from_numpy(part_core)[None]
        )
        alone.append((by_itself[0].numpy() != expected).any())
    assert any(alone)


def test_a_scene_may_begin_anywhere_and_have_gaps():
    row, nothing = np.ones((1, 3), bool), np.zeros((1, 3), bool)
    places = [TilePlace("a", 7, 10 + 3 * k) for k in (0, 1, 3)]
    cores = [row, nothing, nothing]
    found = dict(decide_scenes(places, lambda index: (row, cores[index])))
    # The third tile lies beyond a gap.
    assert [mask.all() for mask in found.values()] == [True, True, False]


def test_where_tiles_overlap_the_later_one_is_the_scene():
    ones, zeros = np.ones((1, 4), bool), np.zeros((1, 4), bool)
    places = [TilePlace("a", 0, 0), TilePlace("a", 0, 2)]
    masks = [ones, zeros]
    found = dict(decide_scenes(places, lambda index: (masks[index], ones)))
    assert found[0].tolist() == [[True, True, False, False]]
    assert not found[1].any()
