"""Refusing to train a depth estimator on data that mean something else."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmext.errors import UserError
from mmext.registry import HOOKS


@HOOKS.register_module()
class DepthDataHook(Hook):
    """Compare the data's structural maps with what the model takes them for.

    Gradients of inverse depth point the other way: trained as depth, they would turn
    the structure inside out.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the training set.

        Raises:
            UserError: Its structural maps are in another space than the head's.
        """
        found = (runner.train_dataloader.dataset.metainfo or {}).get("structural_space")
        model = getattr(runner.model, "module", runner.model)
        if found is not None and found != model.structural_space:
            raise UserError(
                f"train_dataloader.dataset: its structural maps are {found}, "
                "model.decode_head.structural_space expects "
                f"{model.structural_space}"
            )
