"""``mmext depth teach``."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmext.checked import Count, NotNegative
from mmext.cli.arguments import (
    ConfigOptions,
    Device,
    OutputFolder,
    parse_options,
)
from mmext.errors import UserError
from mmext.inference.device import choose_device

if TYPE_CHECKING:
    from mmext.prepare.structural_depth import Teacher

Space = Literal["depth", "inverse_depth"]
Normalisation = Literal["none", "half", "imagenet"]
_TRUE_DEPTH = "true-depth"
_FILL = 8.0


def teach(
    *,
    dataset: str,
    dataset_options: ConfigOptions | None = None,
    model: str,
    out: OutputFolder,
    space: Space | None = None,
    metric: bool = False,
    normalise: Normalisation | None = None,
    input_size: tuple[Count, Count] | None = None,
    fill: NotNegative | None = None,
    batch_size: Count = 8,
    device: Device | None = None,
) -> None:
    r"""Write structural depth targets from RGB with a pretrained model.

    The model is an ONNX file, a local directory of transformers, or true-depth, which
    copies the truth as an upper bound for any teacher. ONNX files not known by their
    hash need --space and --normalise: MiDaS, DPT and Depth Anything give inverse depth
    and take imagenet; metric models give depth. structural.json beside the maps says
    which model made them. A second call goes on where the first stopped. Colour images
    of another view (MS2, ViViD) are warped with calibration and depth, gaps of the
    depth filled between measurements of one surface; what cannot be known is 0.

        mmext depth teach --dataset MM5Dataset \
            --dataset-options root=data/mm5 split=train \
            --model fastdepth.onnx --out data/mm5_structural

        mmext depth teach --dataset MS2Dataset \
            --dataset-options root=data/ms2 lists=train_list.txt \
            --model models/depth-anything-small --out data/ms2_da

        mmext depth teach --dataset MM5Dataset \
            --dataset-options root=data/mm5 split=train \
            --model true-depth --out data/mm5_true

    Args:
        dataset: Data set with RGB: MM5Dataset, MS2Dataset, ViViDDataset or
            FolderDepthDataset.
        dataset_options: Settings of the data set, as key=value.
        model: The teacher: an ONNX file, a directory, or true-depth.
        out: Where results go, a folder for the maps.
        space: What the model gives: depth or 1 / depth.
        metric: The model gives metres (or 1 / metres).
        normalise: What an ONNX file takes: RGB / 255 less a mean, by a deviation.
        input_size: Height and width that the model is given, where its file leaves them
            open.
        fill: Pixels from a measurement up to which depth is filled before warping
            (default: 8).
        batch_size: Images at once.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one). An ONNX file runs on the CPU.
    """
    settings = parse_options(dataset_options, "--dataset-options")
    if model != _TRUE_DEPTH and not Path(model).exists():
        raise UserError(
            f"--model: {model}: no such model, expected an ONNX file, a directory or "
            f"{_TRUE_DEPTH}"
        )
    unused: dict[str, object] = {}
    if model == _TRUE_DEPTH:
        unused = {"--space": space, "--metric": metric or None, "--fill": fill}
    if model == _TRUE_DEPTH or Path(model).is_dir():
        unused |= {"--normalise": normalise, "--input-size": input_size}
    for name, value in unused.items():
        if value is not None:
            raise UserError(f"{name}: not expected with --model {model}")
    from mmext.prepare.structural_depth import (
        make_structural_maps,
        make_true_maps,
        open_dataset,
    )

    samples = open_dataset(dataset, settings)
    if model == _TRUE_DEPTH:
        written = make_true_maps(samples, out)
    else:
        teacher = _open(model, space, metric, normalise, input_size, device)
        print(f"{teacher.note.teacher}: {teacher.note.space}")
        reach = _FILL if fill is None else fill
        written = make_structural_maps(samples, teacher, out, batch_size, reach)
    print(f"{out}: {written} maps written, {len(samples) - written} were there")


def _open(
    model: str,
    space: Space | None,
    metric: bool,
    normalise: Normalisation | None,
    input_size: tuple[int, int] | None,
    device: str | None,
) -> "Teacher":
    from mmext.prepare.structural_depth import (
        OnnxFacts,
        OnnxTeacher,
        TransformersTeacher,
    )

    if Path(model).is_dir():
        return TransformersTeacher(model, space, metric or None, choose_device(device))
    facts = None
    if space or normalise:
        if not (space and normalise):
            raise UserError("--space and --normalise: expected both or neither")
        facts = OnnxFacts(space, metric, normalise)
    return OnnxTeacher(model, facts, input_size)
