# dead_trees_rivals.py with every tile drawn once an epoch, without PositiveTileSampler.
_base_ = './dead_trees.py'
_levels = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    0.8, 0.9, 0.95
]
_single = [dict(mode='target', threshold=t) for t in _levels]
_losses = [
    'bce', 'ohem', 'focal', 'focal_tversky', 'soft_iou', 'bce_dice', 'unified_focal',
    'lovasz'
]
reference = 'cross-entropy, positive tiles'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_single),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}_uniform',
             decoders=_single) for loss in _losses
    ],
]
