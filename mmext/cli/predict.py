"""``mmext predict``."""

import os
import sys
from typing import Annotated

from cyclopts import Group, Parameter
from pydantic import Field

from mmext.cli.arguments import (
    AssetKeys,
    CheckpointPath,
    Device,
    OutputFolder,
    Shard,
    at_most_one,
    shard_of,
)
from mmext.ending import interrupt_when_terminated
from mmext.errors import UserError
from mmext.inference.device import choose_device
from mmext.inference.prediction_settings import (
    Backend,
    Precision,
    PredictionSettings,
    VectorFormat,
)

_MANY = Group("Many sheets", validator=at_most_one, sort_key=1)
#: Failures that the last line names; the others have lines of their own before it.
_NAMED = 20
_DEFAULTS = PredictionSettings()


def predict(
    checkpoint: CheckpointPath,
    images: Annotated[list[str], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    device: Device | None = None,
    backend: Backend | None = None,
    precision: Precision = "fp32",
    shard: Annotated[Shard | None, Parameter(group=_MANY)] = None,
    merge: Annotated[bool, Parameter(group=_MANY)] = False,
    cluster: Annotated[str | None, Parameter(group=_MANY)] = None,
    objects: VectorFormat = "gpkg",
    asset: AssetKeys | None = None,
    settings: Annotated[PredictionSettings, Parameter(name="*")] = _DEFAULTS,
) -> None:
    r"""Map scenes of any size: COGs of probabilities and classes, and polygons.

    Per scene: NAME_probability.tif, NAME_class.tif (1 target, 2 error channel only,
    3 both, 255 no-data) and NAME.gpkg (layer fields), which opens styled in QGIS.
    Over several: map_class.vrt, map_probability.vrt and map.gpkg, in which objects that
    cross sheets are whole. Finished scenes are skipped on a second call; a scene that
    can't be mapped is named at the end and does not stop the others.

        mmext predict work_dirs/demo/stage2_A100-200/epoch_32.pth \
            data/demo/scenes/test.tif --out map
        mmext predict model.onnx sheets/ --out map --min-area 50

    Sheets are independent of each other. Parts of them, mapped by any number of calls
    on machines that share a disk, are put together by one more:

        mmext predict model.onnx sheets/ --out map --shard 0/2
        mmext predict model.onnx sheets/ --out map --shard 1/2
        mmext predict model.onnx sheets/ --out map --merge

    Or by the workers of a dask cluster, each of which loads the model once:

        mmext predict model.onnx sheets/ --out map --cluster local
        mmext predict model.onnx sheets/ --out map --cluster tcp://10.0.0.1:8786

    Args:
        checkpoint: Checkpoint, epoch_N.pth, or what mmext export made of one.
        images: Images: files, folders, globs, .txt lists; URLs, objects of a store
            (s3://, gs://, az://), STAC items.
        out: Where results go, a folder.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        backend: What runs the network; auto takes the fastest of those installed
            (default: eager; of an exported model onnxruntime or else openvino).
        precision: Of convolutions; 16 bits only on a GPU.
        shard: Part I of N alone, I/N with I from 0: map it, and put nothing together.
        merge: Put together what is finished, and map nothing; all sheets must be.
        cluster: By the workers of a dask cluster: local, local:N for N processes
            here, tcp://HOST:PORT or a scheduler's .json file.
        objects: Of several sheets as map.gpkg, styled, map.fgb (FlatGeobuf) or
            map.parquet (GeoParquet).
        asset: Which assets of STAC items, by their keys (default: an item's only
            raster).
        settings: How scenes are mapped.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ:
        raise UserError(
            "torchrun: no longer shares sheets out; expected --shard I/N in each of N "
            "calls, and --merge when they have ended"
        )
    interrupt_when_terminated()
    from mmext.inference.backends import open_predictor
    from mmext.mapping.geoparquet import refuse_without_pyarrow
    from mmext.mapping.many_scenes import merge_scenes, predict_scenes, predict_shard
    from mmext.prepare.scene_list import expand_images

    if objects == "parquet":
        refuse_without_pyarrow()
    paths = expand_images(images, asset or ())
    predictor = open_predictor(
        checkpoint, backend, choose_device(device), settings.window, precision
    )
    print(f"{checkpoint} with {predictor.backend}, {predictor.precision}")
    if merge:
        failures = merge_scenes(predictor, paths, out, settings, objects)
    elif shard:
        mine = shard_of(paths, shard)
        print(f"--shard {shard}: {len(mine)} of {len(paths)} scenes")
        failures = predict_shard(predictor, paths, mine, out, settings)
    elif cluster:
        from mmext.mapping.cluster import WorkerModel, predict_on_cluster

        model = WorkerModel(
            checkpoint.resolve(),
            predictor.backend,
            device,
            settings.window,
            precision,
            predictor.sha256,
        )
        failures = predict_on_cluster(
            cluster, model, predictor, paths, out, settings, objects
        )
    else:
        failures = predict_scenes(predictor, paths, out, settings, objects)
    if failures:
        for line in failures[_NAMED:]:
            print(line, file=sys.stderr)
        more = len(failures) - _NAMED
        raise UserError(
            f"{len(failures)} of {len(paths)} scenes or steps failed: "
            f"{'; '.join(failures[:_NAMED])}"
            f"{f'; and the {more} above' if more > 0 else ''}"
        )
