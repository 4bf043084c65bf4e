import pytest

from mmext.errors import UserError
from mmext.synthetic.farmland import SceneSpec, plant_label_errors, render_scene


@pytest.fixture(scope="module")
def scene():
    return render_scene(SceneSpec(1000, 1000, seed=2))


def test_the_record_says_how_labels_differ_from_truth(scene):
    faulty = plant_label_errors(scene, rate=1.0, seed=0)
    errors = faulty.errors.groupby("kind").size()
    number = len(scene.fields)
    assert len(faulty.errors) == number
    assert errors.max() - errors.min() <= 1
    truth = scene.fields.geometry
    labels = faulty.labels.geometry
    for kind, geometry in zip(faulty.errors.kind, faulty.errors.geometry, strict=True):
        in_truth = truth.geom_equals(geometry).any()
        in_labels = labels.geom_equals(geometry).any()
        if kind == "wrong":
            assert in_labels and not in_truth
            assert truth.intersection(geometry).area.sum() < 1
        else:
            assert in_truth and not in_labels
    assert len(labels) == number - errors.get("missing", 0) + errors.get("wrong", 0)


def test_no_rate_no_errors(scene):
    faulty = plant_label_errors(scene, rate=0.0, seed=0)
    assert faulty.labels.geometry.geom_equals(scene.fields.geometry).all()
    assert len(faulty.errors) == 0


def test_a_rate_is_a_share(scene):
    with pytest.raises(UserError, match="expected 0 to 1"):
        plant_label_errors(scene, rate=20, seed=0)
