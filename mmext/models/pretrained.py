"""First weights of a part of a model, from a file made elsewhere."""

from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log
from mmengine.model.weight_init import PretrainedInit, update_init_info
from mmengine.runner.checkpoint import CheckpointLoader, load_state_dict
from torch import Tensor, nn

from mmext.errors import UserError
from mmext.registry import WEIGHT_INITIALIZERS

#: Under which keys libraries keep the weights in a file of more.
_CONTAINERS = ("state_dict", "model")


@WEIGHT_INITIALIZERS.register_module(name="Pretrained")
class WholePretrainedInit(PretrainedInit):
    """mmengine's ``Pretrained``, which leaves no weight of the part random.

    The file may hold more than the part needs, such as a classifier; that is logged.

    Args:
        checkpoint: The file (``.pth``, ``.safetensors``), a model's folder, or an
            address that mmengine can fetch.
        prefix: What the names of the part's weights begin with in the file.
        map_location: As for ``torch.load``.
        partially: Take what fits and log the rest, as mmengine does.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str | None = None,
        map_location: Any = "cpu",
        partially: bool = False,
    ) -> None:
        super().__init__(checkpoint, prefix, map_location)
        self.partially = partially

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into a module.

        Raises:
            UserError: The file can't be read, or some weights are missing or of another
                shape: how many, and the first.
        """
        weights = self._weights()
        if self.partially:
            load_state_dict(module, weights, strict=False, logger="current")
        else:
            self._load_all(module, weights)
        if hasattr(module, "_params_init_info"):
            update_init_info(module, init_info=self._get_init_info())

    def _weights(self) -> dict[str, Tensor]:
        content = CheckpointLoader.load_checkpoint(self.checkpoint, self.map_location)
        for key in _CONTAINERS:
            if isinstance(content.get(key), Mapping):
                content = content[key]
        weights = {name.removeprefix("module."): item for name, item in content.items()}
        if self.prefix is None:
            return weights
        prefix = f"{self.prefix.removesuffix('.')}."
        found = {
            name.removeprefix(prefix): item
            for name, item in weights.items()
            if name.startswith(prefix)
        }
        if not found:
            raise UserError(
                f"{self.checkpoint}: has no weights named {prefix}…, as "
                f"init_cfg.prefix expects; the first is {next(iter(weights), 'none')}"
            )
        return found

    def _load_all(self, module: nn.Module, weights: dict[str, Tensor]) -> None:
        try:
            missing, left = module.load_state_dict(weights, strict=False)
        except RuntimeError as error:
            unlike = [
                line.strip()
                for line in str(error).splitlines()
                if "size mismatch" in line
            ]
            raise self._refusal(f"{len(unlike)} don't fit ({unlike[0]})") from None
        if missing:
            what = f"{len(missing)} are missing ({missing[0]})"
            # Of a whole model's file.
            outer = {n.removesuffix(missing[0]) for n in left if n.endswith(missing[0])}
            raise self._refusal(what, min(outer, key=len, default=""))
        if left:
            print_log(
                f"{self.checkpoint}: {len(left)} weights are not used ({left[0]})",
                logger="current",
            )

    def _refusal(self, what: str, prefix: str = "") -> UserError:
        advice = "init_cfg.partially=True takes what fits"
        if prefix.endswith("."):
            advice = f"init_cfg.prefix='{prefix}' takes those that begin so"
        return UserError(
            f"{self.checkpoint}: of the weights that init_cfg expects {what}; {advice}"
        )
