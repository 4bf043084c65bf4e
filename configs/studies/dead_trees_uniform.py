# dead_trees_rivals.py with every tile drawn once an epoch, without PositiveTileSampler.
_base_ = './dead_trees.py'
_losses = [
    'bce', 'ohem', 'focal', 'focal_tversky', 'soft_iou', 'bce_dice', 'unified_focal',
    'lovasz'
]
reference = 'cross-entropy, positive tiles'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_base_._single),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}_uniform',
             decoders=_base_._single) for loss in _losses
    ],
]
