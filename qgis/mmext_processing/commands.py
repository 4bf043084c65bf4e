"""What mmext's commands take, as the dialogs of QGIS ask for it.

Names, defaults, choices, ranges and texts are those of the command line:
``tests/qgis/test_commands.py`` compares them with the commands themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

Value = Union[str, float, bool, None]


@dataclass(frozen=True)
class Option:
    """An argument of a command.

    Attributes:
        name: As the command line has it: ``--min-area``, or ``CHECKPOINT`` where the
            place tells.
        kind: ``file``, ``folder``, ``raster`` (a layer), ``polygons`` (a layer),
            ``layer`` (its name within its file, not asked for), ``text``, ``whole``
            (a number), ``number``, ``flag``, ``choice``, ``new folder`` or
            ``new file`` (a GeoPackage).
        help: What it means.
        default: None where there is none.
        required: Whether the command can't do without.
        choices: What it may be.
        least: The lowest number.
        most: The highest.
        advanced: Whether the dialog hides it at first.
    """

    name: str
    kind: str
    help: str
    default: Value = None
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    advanced: bool = False

    @property
    def key(self) -> str:
        """Its name as a parameter of Processing: ``min_area``."""
        return self.name.lstrip("-").replace("-", "_").lower()


@dataclass(frozen=True)
class Command:
    """A command of mmext as an algorithm.

    Attributes:
        key: The algorithm's name after ``mmext:``.
        called: The command's name after ``mmext``.
        title: What the toolbox shows.
        help: What it does.
        options: What it takes, in the dialog's order.
    """

    key: str
    called: str
    title: str
    help: str
    options: tuple[Option, ...]


_DEVICE = Option(
    "--device",
    "text",
    "Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is one).",
    advanced=True,
)
_LABEL_LAYER = Option(
    "--label-layer", "layer", "Layer of the labels, if their file has several."
)
_LABEL_WHERE = Option(
    "--label-where", "text", "Which labels count, as an SQL condition."
)
_OUT = Option("--out", "new file", "Where results go, a new GeoPackage.", required=True)

PREDICT = Command(
    "predict",
    "predict",
    "Map a raster layer",
    "Writes NAME_probability.tif, NAME_class.tif (1 target, 2 error channel only, 3 "
    "both, 255 no-data) and NAME.gpkg (layer fields) into a folder, and opens them. A "
    "scene that is finished there is not mapped again.",
    (
        Option(
            "CHECKPOINT",
            "file",
            "Checkpoint, epoch_N.pth, or what mmext export made of one.",
            required=True,
        ),
        Option("IMAGES", "raster", "Image: a raster that is a file.", required=True),
        Option("--out", "new folder", "Where results go, a folder.", required=True),
        Option(
            "--min-area",
            "number",
            "Leave out smaller objects, in m².",
            0.0,
            least=0,
        ),
        Option(
            "--simplify",
            "number",
            "Simplify outlines, with this tolerance in pixels; 0 keeps the pixels' "
            "edges.",
            0.0,
            least=0,
        ),
        Option("--fill-holes", "flag", "Close holes in objects.", False),
        Option(
            "--where",
            "text",
            "Keep objects for which this SQL condition on their columns holds.",
        ),
        Option(
            "--resample",
            "flag",
            "Bring scenes to the pixel size of the training.",
            False,
        ),
        Option("--tta", "flag", "Average over the four mirror images.", False),
        Option(
            "--window",
            "whole",
            "Side of the squares that the network is given, in pixels.",
            512,
            least=1,
            most=65536,
            advanced=True,
        ),
        Option(
            "--overlap",
            "whole",
            "Pixels read around what is kept of a window (default: the network's "
            "reach).",
            least=0,
            advanced=True,
        ),
        Option(
            "--float",
            "flag",
            "Store probabilities as float32 instead of 250 steps in a byte.",
            False,
            advanced=True,
        ),
        _DEVICE,
        Option(
            "--backend",
            "choice",
            "What runs the network; auto takes the fastest of those installed "
            "(default: eager; of an exported model onnxruntime or else openvino).",
            choices=("auto", "eager", "compile", "onnxruntime", "openvino"),
            advanced=True,
        ),
        Option(
            "--precision",
            "choice",
            "Of convolutions; 16 bits only on a GPU.",
            "fp32",
            choices=("fp32", "bf16", "fp16"),
            advanced=True,
        ),
    ),
)

REVIEW = Command(
    "review",
    "review",
    "Rank suspicious labels",
    "Writes a GeoPackage (layer candidates, ranked, with an empty verdict to fill in), "
    "thumbnails and a contact sheet beside it, and opens the candidates.",
    (
        Option(
            "SNAPSHOT",
            "file",
            "Error bank after an epoch, error_bank_epoch_N.npz, with counts.",
            required=True,
        ),
        Option(
            "CHECKPOINT",
            "file",
            "Checkpoint, epoch_N.pth, of the finished training.",
            required=True,
        ),
        Option(
            "--store", "folder", "Tile store that the snapshot is of.", required=True
        ),
        Option(
            "--labels", "polygons", "Labels, as polygons, that the store was cut with."
        ),
        _LABEL_LAYER,
        _LABEL_WHERE,
        _OUT,
        Option(
            "--tolerance",
            "whole",
            "Errors along an outline count if they are wider, in pixels.",
            2,
            least=0,
        ),
        _DEVICE,
    ),
)

APPLY = Command(
    "apply",
    "review",
    "Apply verdicts",
    "Writes the labels anew, corrected by the candidates of a label review whose "
    "verdict is accept. The old labels stay as they are.",
    (
        Option(
            "--apply",
            "polygons",
            "Candidates with verdicts, whose labels to correct.",
            required=True,
        ),
        Option(
            "--labels",
            "polygons",
            "Labels, as polygons, that the store was cut with.",
            required=True,
        ),
        _LABEL_LAYER,
        _LABEL_WHERE,
        _OUT,
        Option("--force", "flag", "Apply implausible replacements as well.", False),
        Option(
            "--overwrite",
            "flag",
            "Replace what is there, corrected labels; a review is never replaced.",
            False,
        ),
    ),
)


def command_line(command: Command, values: dict[str, Value]) -> list[str]:
    """A command's name and arguments.

    All that has a value is said, defaults too: what the dialog showed is what runs.

    Args:
        command: The command.
        values: By :attr:`Option.key`; None or empty text where nothing is given.
    """
    places, flags = [], []
    for option in command.options:
        value = values.get(option.key)
        if value is None or value is False or value == "":
            continue
        if not option.name.startswith("--"):
            places.append(str(value))
        elif value is True:
            flags.append(option.name)
        else:
            # One argument, so that a value may begin with a dash.
            flags.append(f"{option.name}={value}")
    return [command.called, *places, *flags]
