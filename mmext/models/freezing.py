"""Parts of a model that keep the weights they begin with."""

import difflib
from collections.abc import Sequence

from torch import nn

from mmext.checked import checked
from mmext.errors import UserError


def freeze(model: nn.Module, names: Sequence[str]) -> tuple[str, ...]:
    """Have parts of a model get no gradients, in place.

    The model keeps them in evaluation mode while it is trained, too.

    Args:
        model: The model.
        names: Of its parts, as they are in a checkpoint: ``backbone``,
            ``backbone.encoder.0``, ``backbone.layers``.

    Returns:
        The names.

    Raises:
        UserError: There is no such part, or it has no weights; or none would be left
            to train.
    """
    names = tuple(checked(list[str], list(names), "model.frozen"))
    parts = [name for name, _ in model.named_modules() if name]
    for name in names:
        if name not in parts:
            near = difflib.get_close_matches(name, parts, 1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise UserError(f"model.frozen: the model has no part {name}{hint}")
        weights = list(model.get_submodule(name).parameters())
        if not weights:
            raise UserError(f"model.frozen: {name} has no weights")
        for weight in weights:
            weight.requires_grad_(False)
    if names and not any(weight.requires_grad for weight in model.parameters()):
        raise UserError(
            f"model.frozen: is {', '.join(names)}, nothing is left to train"
        )
    return names
