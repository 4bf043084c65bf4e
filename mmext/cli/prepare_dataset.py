"""``mmext prepare-dataset``."""

from typing import Annotated, Literal

from cyclopts import Parameter
from pydantic import Field

from mmext.checked import Count
from mmext.cli.arguments import ExistingFolder, OutputFolder
from mmext.errors import UserError
from mmext.prepare.cutting_settings import Cutting
from mmext.prepare.published_sets import SETS

_DEFAULTS = Cutting()


def prepare_dataset(
    data_set: Literal[tuple(SETS)],  # type: ignore[valid-type]
    unpacked: ExistingFolder,
    /,
    *,
    out: OutputFolder,
    overwrite: bool = False,
    target: str | None = None,
    splits: Annotated[list[str] | None, Field(min_length=1)] = None,
    jobs: Count = 1,
    cutting: Annotated[Cutting, Parameter(name="*")] = _DEFAULTS,
) -> None:
    r"""Cut a public data set into tile stores, one for each split with labels.

    The folder holds what its publisher's archives hold, unpacked:

        mmext prepare-dataset inria AerialImageDataset --out data/inria

    One of several classes:

        mmext prepare-dataset loveda LoveDA --target road --out data/loveda_road

    Args:
        data_set: Which data set; docs/datasets has a page for each.
        unpacked: The folder that it was unpacked to.
        out: Where results go, a folder: a store for each split, called like it.
        overwrite: Replace what is there, stores.
        target: Which of its classes is the target (default: its buildings, or roads).
        splits: Which of its splits to cut (default: all that have labels).
        jobs: How many at once: images, each in a process of its own.
        cutting: How scenes are cut.
    """
    known = SETS[data_set]
    target = target or known.target
    if target not in known.classes:
        raise UserError(
            f"--target: is {target!r}, {known.title} has {', '.join(known.classes)}"
        )
    for split in splits or ():
        if split not in known.splits:
            labels = "no labels" if split in known.unlabelled else "no split"
            raise UserError(
                f"--splits: {known.title} has {labels} {split!r}, expected "
                f"{', '.join(known.splits)}"
            )
    from mmext.prepare.published_stores import cut_published

    cut_published(
        known,
        unpacked,
        out,
        target,
        splits or list(known.splits),
        cutting,
        overwrite,
        jobs,
    )
