"""What takes a user hours, as a command of seconds that does the same."""

import re
from pathlib import Path

#: Of so many epochs one remains: of the paper's, thermal depth's and pre-training's.
_ONE_OF = {"BinarySegmentor": 50, "DepthEstimator": 20, "MaskedImageModel": 10}
_THE_PAPERS = 50
#: Beside a folder of runs: by which factor their epochs were shortened.
_NOTE = ".shortened"
#: By command: options, and what is given with them instead; nothing leaves them out.
_SMALLER: dict[str, dict[str, tuple[str, ...]]] = {
    "scenes": {"--size": ("256", "192")},
    "depth scenes": {
        "--train-scenes": ("2",),
        "--test-scenes": ("1",),
        "--frames": ("2",),
        "--size": ("64", "48"),
    },
    # Known by its hash, which a stand-in hasn't.
    "depth teach": {"--space": ("depth",), "--normalise": ("imagenet",)},
    "pretrain": {"--tiles": ("8",), "--tile-size": ("32",)},
    "reproduce": {"--seeds": ("0",), "--epoch-scale": ("0.02",)},
}
#: Options of any command, and what is given with them instead.
_FEWER = {"--jobs": ("1",), "--tiles": ("4",)}
_TILE = "32"
_TRAINED_EPOCH = re.compile(r"((?:.*/)?)((?:error_bank_)?epoch_)(\d+)(.*)")


def shortened(words: list[str]) -> list[str]:
    """A command line of a page, without ``mmext`` or ``python -m``, that ends soon.

    Networks are two channels wide and epochs a fiftieth of the paper's. Names of
    checkpoints and banks follow: ``epoch_400.pth`` is ``epoch_8.pth``.
    """
    if words[0] == "torch.distributed.run":
        return [re.sub(r"(--nproc_per_node=)\d+", r"\g<1>2", word) for word in words]
    words = [_renumbered(word) for word in words]
    name = " ".join(words[:2]) if words[0] == "depth" else words[0]
    for option, values in _SMALLER.get(name, {}).items():
        words = _replaced(words, option, values)
    if name in ("prepare", "prepare-dataset") and "--tile-size" not in words:
        words += ["--tile-size", _TILE]
    for option, values in _FEWER.items():
        if option in words:
            words = _replaced(words, option, values)
    if "local" in words:
        words[words.index("local")] = "local:1"
    if name in ("train", "test", "doctor", "pretrain"):
        words = _with_options(words, _small(words, name))
    if name == "reproduce":
        options = {"model.backbone.base_channels": 2, **_tiny_loaders()}
        options["default_hooks.checkpoint.interval"] = 200
        words = _with_options(words, options)
    return words


def _small(words: list[str], name: str) -> dict[str, object]:
    from mmext.engine.build_config import default_work_dir, read_config
    from mmext.shipped_configs import find_shipped, is_shipped_name

    path = Path(words[1])
    path = find_shipped(path) if is_shipped_name(path) else path
    config = read_config(path)
    options = {
        key: value
        for key, value in _tiny_loaders().items()
        if key.partition(".")[0] in config
    }
    if config.model.backbone.type == "UNet3":
        options["model.backbone.base_channels"] = 2
    if name == "test":
        return options
    one_of = _ONE_OF[config.model.type]
    scale = config.get("epoch_scale", 1.0)
    for word in list(words):
        if word.startswith("epoch_scale="):
            scale = float(word.partition("=")[2])
            words.remove(word)
    if name == "train":
        work_dir = default_work_dir(path)
        if "--work-dir" in words:
            work_dir = Path(words[words.index("--work-dir") + 1])
        work_dir.parent.mkdir(parents=True, exist_ok=True)
        (work_dir.parent / _NOTE).write_text(f"{1 / one_of / scale}")
    return {
        "epoch_scale": 1 / one_of,
        # Each is written with the config in full, which takes as long as an epoch.
        "default_hooks.checkpoint.interval": 4 * one_of,
        **options,
    }


def _tiny_loaders() -> dict[str, object]:
    return {
        f"{part}_dataloader.{key}": value
        for part in ("train", "val", "test")
        for key, value in (("batch_size", 4), ("num_workers", 0))
    }


def _renumbered(word: str) -> str:
    match = _TRAINED_EPOCH.fullmatch(word)
    if not match:
        return word
    folder, kind, epoch, rest = match.groups()
    note = Path(folder).parent / _NOTE
    factor = float(note.read_text()) if note.is_file() else 1 / _THE_PAPERS
    return f"{folder}{kind}{int(epoch) * factor:.6g}{rest}"


def _replaced(words: list[str], option: str, values: tuple[str, ...]) -> list[str]:
    if option not in words:
        return [*words, option, *values]
    first = words.index(option) + 1
    last = first
    while last < len(words) and not words[last].startswith("--"):
        last += 1
    return [*words[:first], *values, *words[last:]]


def _with_options(words: list[str], options: dict[str, object]) -> list[str]:
    """Settings before those of the page, which then count."""
    texts = [f"{key}={value}" for key, value in options.items()]
    if "--cfg-options" not in words:
        return [*words, "--cfg-options", *texts]
    place = words.index("--cfg-options") + 1
    return [*words[:place], *texts, *words[place:]]
