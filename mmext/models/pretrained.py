"""First weights of a part of a model, from a file made elsewhere."""

from typing import Any

from mmengine.logging import print_log
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner.checkpoint import (
    _load_checkpoint,
    _load_checkpoint_with_prefix,
)
from torch import nn

from mmext.errors import UserError
from mmext.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name="Pretrained")
class WholePretrainedInit(PretrainedInit):
    """mmengine's ``Pretrained``, which leaves no weight of the part random.

    The file may hold more than the part needs, such as a classifier; that is logged.

    Args:
        checkpoint: The file, or what else mmengine can load.
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
            UserError: Some are missing or of another shape: how many, and the first.
        """
        if not self.partially:
            self._refuse_gaps(module)
        super().__call__(module)

    def _refuse_gaps(self, module: nn.Module) -> None:
        if self.prefix is None:
            content = _load_checkpoint(self.checkpoint, self.map_location)
            weights = content.get("state_dict", content)
        else:
            weights = _load_checkpoint_with_prefix(
                self.prefix, self.checkpoint, self.map_location
            )
        weights = {name.removeprefix("module."): item for name, item in weights.items()}
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
            raise self._refusal(f"{len(missing)} are missing ({missing[0]})")
        if left:
            print_log(
                f"{self.checkpoint}: {len(left)} weights are not used ({left[0]})",
                logger="current",
            )

    def _refusal(self, what: str) -> UserError:
        return UserError(
            f"{self.checkpoint}: of the weights that init_cfg expects {what}; "
            "init_cfg.partially=True takes what fits"
        )
