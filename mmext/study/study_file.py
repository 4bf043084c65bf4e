"""What a study's file says."""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any, Literal

from mmext.checked import FileName, checked, settings
from mmext.engine.build_config import read_config
from mmext.errors import UserError
from mmext.evaluation.paired_t import MIN_SEEDS
from mmext.shipped_configs import find_shipped, is_shipped_name

from .arm_weights import Weights
from .questions import Question
from .stability import StabilityWindow

_KEYS = {"stores", "seeds", "options", "configs", "arms", "reference"}
_OPTIONAL: dict[str, Any] = {"trainings": {}, "questions": [], "stability": None}
_ARM_KEYS = {
    *("name", "config", "decoders", "filters", "ensemble", "weights", "stability")
}
_SPLITS = ("train", "val", "test")
_SEED = {"randomness", "randomness.seed"}
STANDARD: Literal["standard"] = "standard"
ENSEMBLES = ("mean", "union")


@settings
class Variation:
    """A config with some of its values changed.

    Attributes:
        config: Name of the config, in the study's folder of configs.
        options: Dotted keys and values, as ``--cfg-options`` takes them. A dict with
            ``_delete_=True`` takes the place of what the config has.
    """

    config: FileName
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Arm:
    """A training and how its output is decided.

    Attributes:
        name: In tables and figures.
        training: Name of the training: of one of the study's variations, or of a
            config as it is.
        decoders: Candidates, configs of a
            :class:`~mmext.models.decoders.UnionDecoder` without ``type``; empty means
            the one that the model was trained with. Of several the best by IoU on
            the validation store is taken. ``'standard'`` means the candidates that
            :mod:`mmext.evaluation.standard_rules` has for the model's channels.
        filters: Candidates, arguments of
            :func:`~mmext.evaluation.shape_filter.filter_shapes`, and ``grow``, the
            decoder's; empty means none, with the standard decoders growth by 0 to 4
            pixels.
        ensemble: ``'mean'`` or ``'union'`` of this seed's and the next seed's
            training; None for one.
        weights: Which weights of the training; None for the last checkpoint's.
        stability: Whether its last epochs are scored, too.
    """

    name: str
    training: str
    decoders: tuple[dict[str, Any], ...] | Literal["standard"] = ()
    filters: tuple[dict[str, Any], ...] = ()
    ensemble: str | None = None
    weights: Weights | None = None
    stability: bool = False


@dataclass(frozen=True)
class Study:
    """Arms × seeds on one store.

    Attributes:
        path: The study's file.
        arms: In the table's order.
        seeds: ``randomness.seed`` of each repetition.
        stores: Tile stores by ``train``, ``val`` and ``test``.
        configs: Folder of the configs.
        trainings: What the arms train besides configs as they are, by name. A
            lineage's parents are looked up here, too.
        options: ``--cfg-options`` of the trainings, by a pattern of their names. What a
            training says itself comes before them.
        reference: The arm that the others are compared with, by name; of several the
            one with the best mean validation IoU.
        questions: What is to be decided.
        stability: Which epochs are scored of the arms that ask for it.
    """

    path: Path
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    stores: dict[str, str]
    configs: Path
    trainings: dict[str, Variation]
    options: dict[str, dict[str, Any]]
    reference: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    stability: StabilityWindow | None = None

    def arm(self, name: str) -> Arm:
        """The arm of that name."""
        return next(arm for arm in self.arms if arm.name == name)

    def origin(self, name: str) -> tuple[Path, dict[str, Any]]:
        """Of a training, the config file that it is made of and its options.

        Raises:
            UserError: There is no such file.
        """
        variation = self.trainings.get(name, Variation(name))
        config = self.configs / f"{variation.config}.py"
        if not config.is_file():
            where = f"trainings.{name}" if name in self.trainings else repr(name)
            raise UserError(
                f"{self.path}: {where}: there is no {config}, expected a config or one "
                f"of the study's trainings ({', '.join(self.trainings) or 'none'})"
            )
        return config, variation.options

    @property
    def training_options(self) -> dict[str, dict[str, Any]]:
        """``options`` with the stores filled in; a training's own come last and win."""
        stores = {
            f"{split}_dataloader.dataset.store": path
            for split, path in self.stores.items()
        }
        everywhere = {**self.options, "*": {**self.options.get("*", {}), **stores}}
        own = {
            escape(name): {**everywhere.pop(escape(name), {}), **variation.options}
            for name, variation in self.trainings.items()
        }
        return {**everywhere, **own}


def read_study(path: Path) -> Study:
    """Read a study's file, a Python config (``docs/study.md``).

    Raises:
        UserError: A key is missing, unknown, or not what it should be.
    """
    content = read_config(path).to_dict()
    content = _OPTIONAL | content
    found = {key for key in content if not key.startswith("_")}
    _same_keys(str(path), found, _KEYS | set(_OPTIONAL))
    _same_keys(f"{path}: stores", content["stores"], set(_SPLITS))
    folder = _configs_folder(path, content["configs"])
    arms = tuple(_arm(path, arm) for arm in content["arms"])
    names = [arm.name for arm in arms]
    reference = content["reference"]
    references = (reference,) if isinstance(reference, str) else tuple(reference)
    if len(set(names)) < len(names) or not {*references} <= {*names} or not references:
        raise UserError(
            f"{path}: the arms are {', '.join(names)}; expected different names, the "
            f"reference {reference!r} among them"
        )
    seeds = tuple(content["seeds"])
    if any(arm.ensemble for arm in arms) and len(seeds) < 2:
        raise UserError(f"{path}: has an ensemble, which needs two seeds or more")
    study = Study(
        path=path,
        arms=arms,
        seeds=seeds,
        stores=content["stores"],
        configs=folder,
        trainings=checked(
            dict[FileName, Variation],
            content["trainings"],
            f"{path}: trainings",
            strict=False,
        ),
        options=content["options"],
        reference=references,
        questions=_questions(path, content["questions"], arms, len(seeds)),
        stability=_stability(path, content["stability"], arms),
    )
    for name in (*study.trainings, *(arm.training for arm in arms)):
        study.origin(name)
    known = sorted({*study.trainings, *(config.stem for config in folder.glob("*.py"))})
    for pattern in study.options:
        if not fnmatch.filter(known, pattern):
            raise UserError(
                f"{path}: options of {pattern!r} match no training, expected a pattern "
                f"of {', '.join(known)}"
            )
    for where, options in study.training_options.items():
        if found_seed := _SEED & set(options):
            raise UserError(
                f"{path}: options of {where} have {', '.join(found_seed)}; the study's "
                "seeds say it, expected nothing of it here"
            )
    return study


def _configs_folder(path: Path, named: str) -> Path:
    if is_shipped_name(named):
        try:
            return find_shipped(named)
        except ValueError as error:
            raise UserError(f"{path}: configs is {named!r}, expected {error}") from None
    folder = (path.parent / named).resolve()
    return (
        folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    )


def _arm(path: Path, arm: Mapping[str, Any]) -> Arm:
    unknown = set(arm) - _ARM_KEYS
    if unknown or not {"name", "config"} <= set(arm):
        raise UserError(
            f"{path}: an arm has the keys {', '.join(arm)}, expected name, config and "
            f"some of {', '.join(sorted(_ARM_KEYS - {'name', 'config'}))}"
        )
    where = f"{path}: arm {arm['name']!r}"
    ensemble = arm.get("ensemble")
    if ensemble is not None and ensemble not in ENSEMBLES:
        raise UserError(
            f"{where}: ensemble is {ensemble!r}, expected one of {', '.join(ENSEMBLES)}"
        )
    weights = arm.get("weights")
    if weights is not None:
        weights = checked(Weights, weights, f"{where}: weights", strict=False)
    stability = checked(bool, arm.get("stability", False), f"{where}: stability")
    if stability and (ensemble or weights):
        raise UserError(
            f"{where}: has stability with {'ensemble' if ensemble else 'weights'}, "
            "expected a training as it is: only that has epochs"
        )
    return Arm(
        name=arm["name"],
        training=checked(FileName, arm["config"], f"{where}: config"),
        decoders=checked(
            Literal["standard"] | tuple[dict[str, Any], ...],
            arm.get("decoders", ()),
            f"{where}: decoders",
            strict=False,
        ),
        filters=tuple(arm.get("filters", ())),
        ensemble=ensemble,
        weights=weights,
        stability=stability,
    )


def _stability(
    path: Path, content: Any, arms: tuple[Arm, ...]
) -> StabilityWindow | None:
    names = [arm.name for arm in arms if arm.stability]
    if (content is None) == bool(names):
        found = f"of the arm {names[0]!r}" if names else "of no arm"
        raise UserError(
            f"{path}: stability: is {'missing' if names else 'set'}, and {found} True; "
            "expected both"
        )
    if content is None:
        return None
    return checked(StabilityWindow, content, f"{path}: stability", strict=False)


def _questions(
    path: Path, content: Any, arms: tuple[Arm, ...], seeds: int
) -> tuple[Question, ...]:
    where = f"{path}: questions"
    questions = checked(tuple[Question, ...], content, where, strict=False)
    if questions and seeds < MIN_SEEDS:
        raise UserError(
            f"{where}: {seeds} seeds, expected at least {MIN_SEEDS} to decide by"
        )
    by_name = {arm.name: arm for arm in arms}
    for number, question in enumerate(questions):
        asked = (*question.arms, *question.rivals)
        unknown = [name for name in asked if name not in by_name]
        one_sided = not (question.arms and question.rivals)
        if unknown or one_sided or len(set(asked)) < len(asked):
            raise UserError(
                f"{where}[{number}]: compares {' with '.join(map(repr, asked))}, "
                f"expected different arms of {', '.join(by_name)}"
            )
        for name in asked:
            if by_name[name].ensemble:
                raise UserError(
                    f"{where}[{number}]: {name!r} is an ensemble, whose seeds share "
                    "trainings; expected arms whose seeds are independent"
                )
            if question.endpoint == "deviation" and not by_name[name].stability:
                raise UserError(
                    f"{where}[{number}]: asks for the deviation of {name!r}, expected "
                    "stability=True of that arm"
                )
    return questions


def _same_keys(where: str, found: Iterable[str], expected: set[str]) -> None:
    if set(found) != expected:
        raise UserError(
            f"{where}: has {', '.join(sorted(found))}, expected "
            f"{', '.join(sorted(expected))}"
        )
