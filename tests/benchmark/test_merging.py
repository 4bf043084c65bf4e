from types import SimpleNamespace

import geopandas

from mmext.benchmark.merging import write_sheets
from mmext.inference.prediction_settings import PredictionSettings
from mmext.mapping.put_together import put_together
from mmext.models.decoders.union_decoder import UnionDecoder


def test_the_sheets_join_to_a_grid_of_whole_objects(tmp_path):
    """3 × 3 sheets of 100 spaces a side: one object on each of 301 × 301 corners."""
    scenes, number = write_sheets(tmp_path / "sheets", 3)
    assert number == 9 * 101**2
    decides = SimpleNamespace(decoder=UnionDecoder(), correctness=None)
    settings = PredictionSettings(spare_cut=True)
    assert put_together(scenes, tmp_path / "sheets", decides, settings) == []
    merged = geopandas.read_file(tmp_path / "sheets" / "map.gpkg")
    assert len(merged) == 301**2
    whole = merged[~merged["cut"]]
    assert len(whole) == 299**2
    assert set(whole.area) == {36.0}
