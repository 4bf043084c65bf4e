from collections import deque

import numpy as np
import pytest

from mmext.evaluation.objects import ObjectCounts, match_objects


def _components(mask):
    todo = {(int(r), int(c)) for r, c in np.argwhere(mask)}
    while todo:
        queue = deque([todo.pop()])
        component = set(queue)
        while queue:
            row, column = queue.popleft()
            for i, j in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
                near = row + i, column + j
                if near in todo:
                    todo.remove(near)
                    component.add(near)
                    queue.append(near)
        yield component


def _naive(objects, cover, min_cover, min_pixels):
    number = covered = 0
    for component in _components(objects):
        if len(component) < min_pixels:
            continue
        number += 1
        covered += sum(cover[p] for p in component) >= min_cover * len(component)
    return number, covered


@pytest.mark.parametrize("min_cover", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("min_pixels", [1, 4])
def test_equals_a_naive_flood_fill(min_cover, min_pixels):
    rng = np.random.default_rng(3)
    for _ in range(10):
        truth, predicted = rng.random((2, 17, 23)) < 0.25
        valid = rng.random((17, 23)) < 0.9
        t, p = truth & valid, predicted & valid
        expected = ObjectCounts(
            *_naive(t, p, min_cover, min_pixels), *_naive(p, t, min_cover, min_pixels)
        )
        found = match_objects(truth, predicted, valid, min_cover, min_pixels)
        assert found == expected


def test_diagonal_neighbours_are_objects_of_their_own():
    truth, all_valid = np.eye(4, dtype=bool), np.ones((4, 4), bool)
    predicted = np.zeros((4, 4), bool)
    predicted[0, 0] = predicted[1, 1] = True
    counts = match_objects(truth, predicted, all_valid)
    assert counts == ObjectCounts(4, 2, 2, 2)


def test_half_is_enough():
    truth, predicted = np.ones((2, 4), bool), np.zeros((2, 4), bool)
    predicted[0] = True
    assert match_objects(truth, predicted, truth) == ObjectCounts(1, 1, 1, 1)
    predicted[0, 0] = False
    assert match_objects(truth, predicted, truth) == ObjectCounts(1, 0, 1, 1)


def test_no_objects_have_no_ratio():
    empty, full = np.zeros((3, 5), bool), np.ones((3, 5), bool)
    assert match_objects(full, full, empty) == ObjectCounts()
    counts = match_objects(empty, full, full)
    assert (counts.recall, counts.precision) == (None, 0.0)
    counts = match_objects(full, empty, full)
    assert (counts.recall, counts.precision) == (0.0, None)


def test_counts_add_up():
    total = sum([ObjectCounts(2, 1, 3, 0), ObjectCounts(1, 1, 1, 1)], ObjectCounts())
    assert total == ObjectCounts(3, 2, 4, 1)
    assert total.recall == pytest.approx(2 / 3)
    assert total.precision == 0.25
