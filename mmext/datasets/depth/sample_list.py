"""Which files make a sample, and the lists that name samples."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmext.errors import UserError


@dataclass(frozen=True)
class DepthSample:
    """The files of one frame. Only the thermal image is needed.

    Attributes:
        sample_id: Unique in its data set; may hold ``/`` (sequence/frame).
        sequence: The recording or rig it comes from; empty if there is but one.
        thermal_path: Raw thermal image.
        depth_path: True depth in the thermal camera's view.
        rgb_path: Image of a colour camera beside it; for training targets only.
        structural_path: Structural depth in the thermal camera's view.
        object_mask_path: Labels in the thermal camera's view, 0 for background.
    """

    sample_id: str
    sequence: str
    thermal_path: Path
    depth_path: Path | None = None
    rgb_path: Path | None = None
    structural_path: Path | None = None
    object_mask_path: Path | None = None


def read_lines(path: str | os.PathLike[str]) -> list[str]:
    """The lines of a list of names, without blank ones and comments (#).

    Raises:
        UserError: There is no such file, or it names nothing.
    """
    if not Path(path).is_file():
        raise UserError(f"{path}: no such list")
    lines = [line.strip() for line in Path(path).read_text().splitlines()]
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise UserError(f"{path}: names nothing, expected one name a line")
    return names


def list_frames(
    root: str | os.PathLike[str], lists: Sequence[str], thermal: str, step: int
) -> list[tuple[str, Path]]:
    """The thermal frames of the sequences that lists name.

    Args:
        root: The data set's folder, which holds the lists.
        lists: File names; each line is a sequence.
        thermal: Folder of a sequence's frames below ``root``, with ``{sequence}``.
        step: Use every n-th frame of a sequence.

    Returns:
        Sequence and file, in the lists' and then the names' order.

    Raises:
        UserError: A list is missing, a sequence has no frames, or step is below 1.
    """
    if step < 1:
        raise UserError(f"step: is {step}, expected 1 or more")
    found = []
    for sequence in [line for name in lists for line in read_lines(Path(root) / name)]:
        folder = Path(root) / thermal.format(sequence=sequence)
        frames = sorted(folder.glob("*.png"))
        if not frames:
            raise UserError(f"{folder}: holds no frames, expected PNG files")
        found += [(sequence, frame) for frame in frames[::step]]
    return found


def existing(path: Path) -> Path | None:
    """The path if its file is there: for what a download may lack."""
    return path if path.is_file() else None


def check_files(samples: Sequence[DepthSample], role: str, source: str) -> None:
    """Refuse samples whose file of one role is not there.

    Args:
        samples: The samples.
        role: ``thermal``, ``depth``, ``rgb``, ``structural`` or ``object_mask``.
        source: What names these samples, for the message.

    Raises:
        UserError: Some lack it; the line counts them and names the first.
    """
    paths = [getattr(sample, f"{role}_path") for sample in samples]
    missing = [path for path in paths if path is not None and not path.is_file()]
    if missing:
        raise UserError(
            f"{source}: {len(missing)} of {len(samples)} {role} files are missing, "
            f"the first is {missing[0]}"
        )


def fingerprint(samples: Sequence[DepthSample], facts: Sequence[str]) -> str:
    """Identity of a list of samples: names and sizes of their files, and facts.

    File contents are not read: a public set has tens of gigabytes.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256("\n".join(facts).encode())
    for sample in samples:
        digest.update(sample.sample_id.encode())
        for path in (sample.thermal_path, sample.depth_path, sample.structural_path):
            size = path.stat().st_size if path is not None else 0
            digest.update(f" {size}".encode())
    return digest.hexdigest()
