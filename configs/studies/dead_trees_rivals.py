# Other losses for the epochs of both stages, on the dead trees. In the same --out as
# dead_trees.py this study trains only what is not there yet. Every loss has its threshold
# from validation data: what 0.5 means differs.
_base_ = './dead_trees.py'
_losses = [
    'ohem', 'focal', 'focal_tversky', 'soft_iou', 'bce_dice', 'unified_focal', 'lovasz'
]
reference = 'cross-entropy'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_base_._single),
    dict(name='two stages, B100-300, one threshold', config='stage2_B100-300',
         decoders=_base_._common),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}', decoders=_base_._single)
        for loss in _losses
    ],
]
