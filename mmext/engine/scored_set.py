"""Which set a training's epochs are scored on, as the names of its scores say."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from mmext.errors import UserError
from mmext.evaluation.metrics import BinarySegMetric, CappedDepthMetric
from mmext.registry import METRICS

from .epoch_scale import named_hooks, named_schedulers

_OURS = (BinarySegMetric, CappedDepthMetric)
_PREFIXES = ("val", "test")
# What of a data set changes no truth.
_NOT_ITS_DATA = {"pipeline", "test_mode"}


def name_scored_set(config: Config) -> None:
    """Fill the ``prefix`` that an evaluator of mmext doesn't state, in place.

    What ``mmext test`` scores is called ``test``. What is scored between epochs is
    called ``test`` if it is the data of ``test_dataloader``, as in the paper, and
    ``val`` otherwise. The resolved config and every checkpoint carry the name.
    """
    named = {"test_evaluator": "test"}
    named["val_evaluator"] = "test" if _validates_on_test(config) else "val"
    for key, prefix in named.items():
        for metric in _metrics(config.get(key)):
            if _is_ours(metric) and metric.get("prefix") is None:
                metric["prefix"] = prefix


def refuse_other_scores(config: Config) -> None:
    """Refuse a hook or a schedule that watches what no epoch will be scored as.

    Args:
        config: Of a training, with its evaluators' names filled in.

    Raises:
        UserError: A watched score is of the other set.
    """
    metrics = list(_metrics(config.get("val_evaluator")))
    known = {metric.get("prefix") for metric in metrics}
    # How a stranger's metric calls its scores only it knows.
    if not metrics or not all(_is_ours(metric) for metric in metrics):
        return
    for key, watched in _watched(config):
        prefix, slash, _ = watched.partition("/")
        if slash and prefix in _PREFIXES and prefix not in known:
            found = next(iter(known))
            why = "" if found == "test" else ", since validation isn't the test's data"
            raise UserError(
                f"{key}: is {watched!r}, but epochs are scored as {found!r}{why}; "
                f"expected a score of '{found}/…'"
            )


def _validates_on_test(config: Config) -> bool:
    validated, tested = (
        (config.get(f"{part}_dataloader") or {}).get("dataset") or {}
        for part in _PREFIXES
    )
    return bool(validated) and _data(validated) == _data(tested)


def _data(dataset: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dataset.items() if key not in _NOT_ITS_DATA}


def _metrics(evaluator: Any) -> Iterator[Any]:
    """One, a list, or those of an ``Evaluator``, as a config names them."""
    if isinstance(evaluator, Mapping) and "metrics" in evaluator:
        yield from _metrics(evaluator["metrics"])
    elif isinstance(evaluator, Mapping):
        yield evaluator
    elif isinstance(evaluator, list | tuple):
        for metric in evaluator:
            yield from _metrics(metric)


def _is_ours(metric: Mapping[str, Any]) -> bool:
    kind = METRICS.get(metric["type"]) if isinstance(metric.get("type"), str) else None
    return isinstance(kind, type) and issubclass(kind, _OURS)


def _watched(config: Config) -> Iterator[tuple[str, str]]:
    """Key and value of each setting that names a score."""
    schedulers = named_schedulers(config.get("param_scheduler"))
    for path, part in (*named_hooks(config), *schedulers):
        for key in ("save_best", "monitor"):
            names = part.get(key) or []
            for name in [names] if isinstance(names, str) else names:
                yield f"{path}.{key}", name
