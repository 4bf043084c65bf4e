# Other losses for the epochs of both stages, on the dead trees. In the same --out as
# dead_trees.py this study trains only what is not there yet. Every loss has its threshold
# from validation data: what 0.5 means differs.
_base_ = './dead_trees.py'
_levels = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    0.8, 0.9, 0.95
]
_single = [dict(mode='target', threshold=t) for t in _levels]
_losses = [
    'ohem', 'focal', 'focal_tversky', 'soft_iou', 'bce_dice', 'unified_focal', 'lovasz'
]
reference = 'cross-entropy'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_single),
    dict(name='two stages, B100-300, one threshold', config='stage2_B100-300',
         decoders=[dict(mode='union', threshold=t) for t in _levels]),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}', decoders=_single)
        for loss in _losses
    ],
]
