"""The command line: finds the command, reads its arguments, runs it.

A command is a function whose signature says what it takes. Nothing but the command
that is called is imported, so that a mistake or ``--help`` is answered at once.
"""

import sys
from collections.abc import Sequence
from typing import Any, get_origin

from cyclopts import App, Group, Parameter, Token
from cyclopts.exceptions import CycloptsError

import mmext
from mmext.checked import adapter
from mmext.cli.refusals import explain
from mmext.cli.renamed import renew
from mmext.ending import exit_with_one_line
from mmext.errors import UserError
from mmext.hiding import hide_secrets_of

#: Name, where its function lies below mmext.cli, and the first line of its docstring.
COMMANDS = {
    "prepare": ("prepare:prepare", "Cut orthophotos and labels into a tile store."),
    "prepare-dataset": (
        "prepare_dataset:prepare_dataset",
        "Cut a public data set into tile stores, one for each split with labels.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check a config, its data and this machine before hours are spent.",
    ),
    "browse": (
        "browse:browse",
        "Show what a training is shown: samples after augmentation, with both masks.",
    ),
    "pretrain": (
        "pretrain:pretrain",
        "Train an encoder on images without labels, for a training with few.",
    ),
    "train": ("train:train", "Train a config."),
    "test": ("test:test", "Score a checkpoint on its config's test set."),
    "predict": (
        "predict:predict",
        "Map scenes of any size: COGs of probabilities and classes, and polygons.",
    ),
    "evaluate": (
        "evaluate:evaluate",
        "Compare a map with labels, by pixel, by object and by area.",
    ),
    "area": (
        "area:area",
        "Estimate the area of a map's target, with its 95 % interval.",
    ),
    "report": (
        "report:report",
        "Write the report of an experiment: report.html, figures and tables.",
    ),
    "analyze": (
        "analyze:analyze",
        "Compare any trainings: learning curves, confusion by class, worst tiles.",
    ),
    "reproduce": (
        "reproduce:reproduce",
        "Run the paper's whole experiment on a tile store, and report it.",
    ),
    "study": (
        "study:study",
        "Train and compare many configs with several seeds on one tile store.",
    ),
    "atlas": (
        "atlas:atlas",
        "Show where a model kept being wrong: rasters and ranked regions for QGIS.",
    ),
    "review": (
        "review:review",
        "List labels that look wrong, and apply an annotator's verdicts.",
    ),
    "view": (
        "view:view",
        "Show a map in the browser, and judge a label review there.",
    ),
    "export": (
        "export:export",
        "Export a checkpoint to one ONNX file that maps scenes, or to a folder.",
    ),
    "fit-decision": (
        "fit_decision:fit_decision",
        "Choose a model's thresholds, mode and growth on validation data.",
    ),
    "average": (
        "average:average",
        "Average the weights of a training's checkpoints into one checkpoint.",
    ),
    "demo": (
        "demo:demo",
        "Run everything once on synthetic scenes, from GeoTIFFs to a map and a report.",
    ),
    "scenes": ("scenes:scenes", "Render synthetic farmland with exact labels."),
    "benchmark": (
        "benchmark:benchmark",
        "Measure speed against named yardsticks, as ratios of medians from one run.",
    ),
}
DEPTH_COMMANDS = {
    "predict": (
        "depth_predict:predict",
        "Predict depth of thermal images: files, folders or videos.",
    ),
    "report": (
        "depth_report:report",
        "Write the report of a depth ablation: report.html, figures and tables.",
    ),
    "demo": (
        "depth_demo:demo",
        "Run thermal depth once on rendered rooms, from images to a report.",
    ),
    "scenes": (
        "depth_scenes:scenes",
        "Render rooms and streets for thermal depth, with exact depth.",
    ),
    "teach": (
        "depth_teach:teach",
        "Write structural depth targets from RGB with a pretrained model.",
    ),
    "convert-ms2": (
        "depth_convert_ms2:convert",
        "Convert MS2's pickled calib.npy into calibration.json beside it, once.",
    ),
}


@exit_with_one_line
def main(*command: str) -> None:
    """Run what the command line asks for.

    Args:
        command: The command, where the program's own name says it (``tools/*.py``).
    """
    run([*command, *sys.argv[1:]])


def run(tokens: Sequence[str]) -> None:
    """Run a command.

    Args:
        tokens: Its name and arguments.

    Raises:
        UserError: There is no such command, or it doesn't take such arguments.
    """
    tokens = renew(tokens)
    for token in tokens:
        if "://" in token or token.startswith("/vsi"):
            # Whatever is refused, and whoever refuses it.
            hide_secrets_of(token)
    try:
        function, bound, _ = build_app(tokens).parse_args(
            tokens, exit_on_error=False, print_error=False
        )
    except CycloptsError as error:
        raise UserError(explain(error)) from None
    function(*bound.args, **bound.kwargs)


def build_app(tokens: Sequence[str] = ()) -> App:
    """The commands, of which only the one that is called will be imported.

    Args:
        tokens: The command line. The command that it calls speaks for itself by its
            docstring; the others are known by their line.
    """
    common: dict[str, Any] = dict(
        version=mmext.__version__,
        group_arguments=Group("Arguments", sort_key=0),
        group_parameters=Group("Parameters", sort_key=2),
        default_parameter=Parameter(
            consume_multiple=True, negative=(), converter=_convert, show_default=_shown
        ),
    )
    app = App(
        name="mmext",
        help="Error-aware segmentation of sparse targets, on MMSegmentation.\n\n"
        "mmext demo does everything once; mmext COMMAND --help says what one takes.",
        **common,
    )
    depth = App(
        name="depth",
        help="Depth in metres from thermal images, by commands of its own.",
        **common,
    )
    app.command(depth)
    for owner, commands, place in ((app, COMMANDS, 0), (depth, DEPTH_COMMANDS, 1)):
        called = tokens[place] if len(tokens) > place else None
        for order, (name, (path, line)) in enumerate(commands.items()):
            text = None if name == called else line
            owner.command(f"mmext.cli.{path}", name=name, help=text, sort_key=order)
    return app


def _convert(hint: Any, tokens: Sequence[Token]) -> Any:
    """What was typed, as the type that a command declares.

    cyclopts' own rules round ``2.5`` to a whole number; these don't.
    """
    texts = [token.value for token in tokens]
    many = get_origin(hint) in (list, tuple)
    return adapter(hint).validate_python(texts if many else texts[0])


def _shown(default: Any) -> str | None:
    """A default as help shows it; what is empty or off goes without saying."""
    if default is None or default is False or default in ((), [], ""):
        return None
    if isinstance(default, tuple | list):
        return " ".join(map(str, default))
    return str(default)
