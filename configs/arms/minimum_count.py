# Errors are pixels that were wrong in at least a tenth of the passes.
_base_ = './_base_/stage2.py'
train_dataloader = dict(
    dataset=dict(error_variant=dict(type='MinimumCount', share=0.1)))
