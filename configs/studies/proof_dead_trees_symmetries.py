# What does the second stage add to flips, turns and a falling learning rate, the best of what
# is cheap? Study 10 of docs/protocol.md. After proof_dead_trees.py it trains both stages only;
# an hour and a half of one core.
_base_ = './proof_dead_trees.py'
trainings = dict(
    # Begins at epoch 10 at this scale: turned and flipped, the tiles are never fitted.
    stage1_symmetries=dict(
        config='stage1_trunk',
        options={
            **_base_.trainings['stage1_early']['options'],
            'train_dataloader.dataset.pipeline': _base_._symmetries,
        }),
    two_stages_symmetries=dict(
        config='stage2_B100-300',
        options={
            'lineage.parent': 'stage1_symmetries',
            'train_dataloader.dataset.pipeline': [
                dict(type='LoadTile'),
                dict(type='LoadErrorMask'),
                *_base_._symmetries[1:],
            ],
            'param_scheduler': [dict(_base_._falling, T_max=400)],
        }))
_two_stages = 'two stages, flips, turns, falling'
_rival = _base_.arms[-1]
arms = [
    dict(name=_two_stages, config='two_stages_symmetries', decoders='standard',
         stability=True),
    _rival,
    *[
        dict(_rival, name=name, weights=weights, stability=False) for name, weights in
        (('averaged (SWA)', dict(mean=40)),
         ('early stopping', dict(best='val', every=10)))
    ],
]
reference = [arm['name'] for arm in arms[1:]]
questions = [
    dict(name='more accurate than one stage?', arm=_two_stages, against=reference,
         endpoint='iou', margin=0.02),
]
