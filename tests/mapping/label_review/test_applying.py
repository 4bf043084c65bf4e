import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from mmext.mapping.label_review.applying import plan_correction
from mmext.mapping.label_review.finding import MISSING, SHIFTED, WRONG
from mmext.mapping.label_review.label_file import LabelFile
from mmext.mapping.label_review.verdicts import Verdicts

from .builders import square, write_candidates, write_labels

SHAPES = [square(0), square(30), MultiPolygon([square(60), square(80)]), square(100)]


@pytest.fixture
def labels(tmp_path):
    return LabelFile.read(write_labels(tmp_path / "labels.gpkg", SHAPES))


@pytest.fixture
def plan(tmp_path, labels):
    """What becomes of (kind, names, outline), all accepted."""

    def made(*rows, seen=1.0):
        rows = [(kind, "accept", names, shape) for kind, names, shape in rows]
        path = write_candidates(tmp_path / "review.gpkg", rows, seen)
        return plan_correction(Verdicts.read(path).table, labels)

    return made


def test_a_wrong_target_drops_its_label_whatever_its_outline(plan, labels):
    # Clipped to a sliver by a sheet's edge, or without any outline.
    sliver = shapely.intersection(square(0), square(-9.9))
    result = plan((WRONG, labels.names[0], sliver), (WRONG, labels.names[1], None))
    assert set(result.dropped) == {0, 1}
    assert not result.refused and not result.implausible
    assert result.applied[0] == "candidate 1 (wrong target): dropped label 1"


def test_only_what_is_accepted_counts(tmp_path, labels):
    verdicts = ["reject", "unsure", None, "", "Accept "]
    rows = [(WRONG, v, labels.names[i % 4], None) for i, v in enumerate(verdicts)]
    path = write_candidates(tmp_path / "review.gpkg", rows)
    result = plan_correction(Verdicts.read(path).table, labels)
    assert result.dropped == {0: "candidate 5 (wrong target)"}


def test_a_shift_gives_its_label_the_outline(plan, labels):
    result = plan((SHIFTED, labels.names[0], square(4)))
    assert result.replaced[0].equals(square(4))
    assert not result.implausible and not result.dropped
    assert "outlined label 1 anew" in result.applied[0]


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        (square(0, side=1.6), "at most 3 times as much or as little"),
        (square(-2, -2, 18), "at most 3 times as much or as little"),
        (square(8, 0), "have 20% of the smaller in common (expected at least 30%)"),
        (square(15, 0), "have 0% of the smaller in common"),
    ],
)
def test_an_implausible_outline(plan, labels, outline, reason):
    result = plan((SHIFTED, labels.names[0], outline))
    [line] = result.implausible
    assert line.startswith("candidate 1 (boundary shift): ") and reason in line
    # By force it is what was asked for.
    assert result.replaced[0].equals(outline)


@pytest.mark.parametrize("outline", [square(0, 0, 17), square(0, 0, 6), square(6.9, 0)])
def test_a_plausible_outline(plan, labels, outline):
    assert plan((SHIFTED, labels.names[0], outline)).implausible == []


def test_a_label_that_a_sheet_cuts_is_not_outlined_from_it(plan, labels):
    rows = [(SHIFTED, labels.names[0], square(1))]
    assert plan(*rows, seen=0.96).implausible == []
    [line] = plan(*rows, seen=0.6).implausible
    assert "the scene shows 60% of label 1 (expected at least 95%)" in line


def test_one_outline_for_several_labels(plan, labels):
    blob = square(0, 0, 45)
    names = " ".join(labels.names[:2])
    result = plan((SHIFTED, names, blob))
    assert "its outline lies on several, labels 1, 2" in result.implausible[0]
    assert (set(result.replaced), set(result.dropped)) == ({0}, {1})
    # One that the outline covers by less than half stays, by force as well.
    result = plan((SHIFTED, names, square(2, 0, 32)))
    assert result.implausible and not result.dropped
    # One that is dropped as wrong is not in the way.
    result = plan((SHIFTED, names, square(2)), (WRONG, labels.names[1], None))
    assert not result.implausible and set(result.dropped) == {1}


def test_two_that_change_one_label(plan, labels):
    name = labels.names[0]
    result = plan((SHIFTED, name, square(1)), (WRONG, name, None))
    [line] = result.refused
    assert line == (
        "candidate 1 (boundary shift): candidate 2 (wrong target) changes label 1, "
        "too; accept one"
    )
    result = plan((SHIFTED, name, square(1)), (SHIFTED, name, square(2)))
    assert "candidate 1 (boundary shift) changes label 1" in result.refused[0]
    result = plan((WRONG, name, None), (WRONG, name, None))
    assert not result.refused
    assert result.without_effect == [
        "candidate 2 (wrong target): candidate 1 (wrong target) drops its label"
    ]


def test_a_part_of_a_label(plan, labels):
    assert labels.names[2].startswith("3.1#")
    assert set(plan((WRONG, labels.names[2], None)).dropped) == {2}


def test_a_missing_target_is_added_where_no_label_lies(plan, labels):
    result = plan((MISSING, "", square(200)), (MISSING, "", square(4.9)))
    assert [shape.bounds[0] for shape in result.added] == [5e5 + 200]
    assert result.without_effect == [
        "candidate 2 (missing target): labels cover 51% of it already"
    ]
    # The same thing twice is added once.
    result = plan((MISSING, "", square(200)), (MISSING, "", square(202, 1)))
    assert len(result.added) == 1 and "cover 72%" in result.without_effect[0]
    # Where a wrong label goes, there is room.
    result = plan((MISSING, "", square(1)), (WRONG, labels.names[0], None))
    assert len(result.added) == 1
    # And not where another gets an outline.
    result = plan((MISSING, "", square(6)), (SHIFTED, labels.names[0], square(6)))
    assert "cover 100%" in result.without_effect[0]


def test_nothing_changes_by_the_outline_that_the_label_has(plan, labels):
    result = plan((SHIFTED, labels.names[0], square(0)))
    assert not result.replaced
    assert result.without_effect == [
        "candidate 1 (boundary shift): the label has this outline"
    ]


@pytest.mark.parametrize("kind", [SHIFTED, MISSING])
@pytest.mark.parametrize("shape", [None, Polygon(), LineString([(0, 0), (1, 1)])])
def test_a_candidate_without_a_polygon(plan, labels, kind, shape):
    [line] = plan((kind, labels.names[0], shape)).refused
    assert line == f"candidate 1 ({kind}): has no polygon, expected one"


def test_an_outline_that_was_bent_by_hand_is_repaired(plan, labels):
    x, y = 5e5, 4e6
    bent = Polygon([(x, y), (x + 10, y), (x, y + 11), (x + 10, y + 11)])
    result = plan((SHIFTED, labels.names[0], bent))
    assert result.replaced[0].is_valid
    assert result.replaced[0].area == pytest.approx(55)


def test_labels_that_are_not_there(plan, labels):
    changed = f"{labels.names[0]} 7#00000000"
    for kind in (WRONG, SHIFTED):
        [line] = plan((kind, changed, square(0))).refused
        assert "label 7 is not in" in line and "as it was reviewed" in line
        [line] = plan((kind, "", square(0))).refused
        assert "names no label; review again with the labels" in line


def test_a_label_with_another_id(tmp_path, plan, labels):
    name = "99#" + labels.names[0].split("#")[1]
    result = plan((WRONG, name, None))
    assert (set(result.dropped), result.renumbered) == ({0}, 1)
