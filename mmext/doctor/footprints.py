"""Ground that is both in training and in testing."""

from mmext.datasets.tile_store import TileStore

from .findings import Findings

# Neighbouring sheets touch, and rounding lets them overlap by a hair.
_TOUCHING = 1e-3


def check_footprints(found: Findings, train: TileStore, test: TileStore) -> None:
    """Compare where the tiles of two stores lie.

    Without a CRS there is no ground to compare; then the scenes' files are.

    Args:
        found: Gets the findings.
        train: The training store.
        test: The test store.
    """
    if train.tiles.crs is None or test.tiles.crs is None:
        files = [
            {scene.get("path") for scene in store.meta["scenes"].values()}
            for store in (train, test)
        ]
        common = sorted(map(str, files[0] & files[1]))
        if common:
            found.add(
                "error",
                "ground",
                f"{len(common)} scenes are in train and in test, the first is "
                f"{common[0]}",
                "keep whole scenes apart",
            )
        else:
            found.add(
                "note", "ground", "the stores have no CRS: ground can't be compared"
            )
        return
    ground = test.tiles.to_crs(train.tiles.crs).union_all()
    common_ground = train.tiles.union_all().intersection(ground)
    share = common_ground.area / ground.area
    found.facts["test_ground_in_train"] = share
    if share > _TOUCHING:
        found.add(
            "error",
            "ground",
            f"{100 * share:.3g} % of the test ground is in the training store, too",
            "keep whole scenes apart",
        )
    else:
        found.add("ok", "ground", "train and test lie on different ground")
