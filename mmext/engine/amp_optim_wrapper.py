"""Mixed precision, on processors as well."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper
from torch.amp import GradScaler

from mmext.errors import UserError
from mmext.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_AmpOptimWrapper):
    """mmengine's ``AmpOptimWrapper``, which on a CPU runs in bfloat16.

    bfloat16 has the range of float32, so gradients need no scaling there. A training
    that began on a GPU goes on on a CPU, and the other way round.

    Args:
        loss_scale: Of gradients on a GPU, see mmengine.
        dtype: What convolutions run in; on a CPU ``'bfloat16'``.
        **options: mmengine's, for ``AmpOptimWrapper``.

    Raises:
        UserError: The training runs on a CPU in another type.
    """

    def __init__(
        self,
        loss_scale: str | float | dict = "dynamic",
        dtype: str | torch.dtype | None = None,
        **options: Any,
    ) -> None:
        if get_device() != "cpu":
            super().__init__(loss_scale=loss_scale, dtype=dtype, **options)
            return
        if dtype not in ("bfloat16", torch.bfloat16):
            raise UserError(
                "optim_wrapper.dtype: mixed precision on a CPU expects 'bfloat16', "
                f"is {dtype}"
            )
        options.pop("use_fsdp", None)  # chooses between two scalers
        OptimWrapper.__init__(self, **options)
        self._scale_update_param = None
        self.loss_scaler = GradScaler("cpu", enabled=False)
        self.cast_dtype = torch.bfloat16

    def state_dict(self) -> dict:
        """The optimizer's and, where gradients are scaled, the scaler's."""
        state = super().state_dict()
        if not self.loss_scaler.is_enabled():
            state.pop("loss_scaler")
        return state
