"""``mmext predict``."""

import os
from typing import Annotated

from cyclopts import Parameter
from pydantic import Field

from mmext.cli.arguments import Device, ExistingFile, OutputFolder
from mmext.errors import UserError
from mmext.inference.device import choose_device
from mmext.inference.prediction_settings import Backend, Precision, PredictionSettings

_DEFAULTS = PredictionSettings()


def predict(
    checkpoint: ExistingFile,
    images: Annotated[list[str], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    device: Device | None = None,
    backend: Backend = "eager",
    precision: Precision = "fp32",
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
        torchrun --nproc_per_node 4 -m mmext predict model.onnx sheets/ --out map

    Args:
        checkpoint: Checkpoint, epoch_N.pth, or what mmext export made of one.
        images: Images: files, folders, globs, .txt lists.
        out: Where results go, a folder.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
        backend: What runs the network; auto takes the fastest of those installed.
        precision: Of convolutions; 16 bits only on a GPU.
        settings: How scenes are mapped.
    """
    from mmext.inference.backends import open_predictor
    from mmext.mapping.many_scenes import predict_scenes
    from mmext.prepare.scene_list import expand_images

    paths = expand_images(images)
    predictor = open_predictor(
        checkpoint, backend, choose_device(device), settings.window, precision
    )
    print(f"{checkpoint} with {predictor.backend}, {predictor.precision}")
    failures = predict_scenes(predictor, paths, out, settings)
    # Every process knows of all failures; one of them says so.
    if failures and os.environ.get("RANK", "0") == "0":
        raise UserError(
            f"{len(failures)} of {len(paths)} scenes or steps failed: "
            f"{'; '.join(failures)}"
        )
