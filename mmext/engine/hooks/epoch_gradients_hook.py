"""Gradient accumulation that no kill can come between."""

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from mmext.registry import HOOKS


@HOOKS.register_module()
class EpochGradientsHook(Hook):
    """End every epoch with a step, whatever gradients were added up for it.

    With ``optim_wrapper.accumulative_counts`` mmengine counts batches over epochs. An
    epoch's last batches may then wait for those of the next, no checkpoint holds their
    gradients, and a run that goes on from one ends otherwise. Here each epoch counts
    anew; its last step is of the batches that are left, as mmengine's is at the
    training's end. Where the counts divide an epoch nothing differs.
    """

    priority = "VERY_HIGH"

    def before_train_epoch(self, runner: Runner) -> None:
        """Count from 0 to the epoch's iterations."""
        wrapper, iterations = runner.optim_wrapper, len(runner.train_dataloader)
        several = isinstance(wrapper, OptimWrapperDict)
        for each in wrapper.values() if several else [wrapper]:
            if isinstance(each, OptimWrapper):
                # mmengine has warned of the model's batch norms already: a model
                # without any.
                each.initialize_count_status(nn.Module(), 0, iterations)
