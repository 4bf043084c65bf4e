# Does the second stage help a network that has fitted, and more than what costs nothing?
# Study 1 of docs/protocol.md, written down before its first run; six hours of one core.
configs = '..'
# One tile of 64 px of each training image, the upper left: few enough to be fitted.
stores = dict(
    train='data/dead_trees/train_corners',
    val='data/dead_trees/val',
    test='data/dead_trees/test')
seeds = [0, 1, 2, 3, 4]
_fitted = {
    'default_hooks.error_accumulation.begin':
    dict(_delete_=True, train_iou=0.99, epochs=5),
}
_seldom = {'default_hooks.training_set_metric.interval': 10}
_no_errors = {
    'default_hooks.error_accumulation': None,
    'default_hooks.training_set_metric': dict(
        type='TrainingSetMetricHook', interval=10),
}
# Early stopping looks back at all of them, the trunk's too.
_keep_all = {'default_hooks.checkpoint.max_keep_ckpts': -1}
options = {
    '*': {
        'epoch_scale': 0.6,
        'model.backbone.base_channels': 12,
        'train_dataloader.batch_size': 8,
        'train_dataloader.num_workers': 0,
        'val_dataloader.batch_size': 16,
        'val_dataloader.num_workers': 0,
        # The study scores checkpoints itself.
        'train_cfg.val_interval': 1000,
        'val_evaluator.objects': False,
        # Every second epoch at this scale; the last 40 epochs tell how steady it is.
        'default_hooks.checkpoint.interval': 3,
        'default_hooks.checkpoint.max_keep_ckpts': 21,
    },
    'stage1_trunk': {**_fitted, **_keep_all},
    'stage1_B': _fitted,
    # As of single stages; every epoch's would be a fifth of the time.
    'stage2_*': _seldom,
    'two_stages_*': _seldom,
}

# Both stages of case B100-300 have 300 + 400 epochs; so has every single stage.
_symmetries = [
    dict(type='LoadTile'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomRot90'),
    dict(type='PackTileInputs'),
]
_falling = dict(type='CosineAnnealingLR', T_max=700, by_epoch=True)
_whole = {'train_cfg.max_epochs': 700, **_no_errors, **_keep_all}
trainings = dict(
    one_stage=dict(
        config='stage1_baseline',
        options={
            **_whole,
            'lineage': dict(parent='stage1_trunk', epoch=200, use='continue'),
        }),
    one_stage_falling=dict(
        config='stage1_trunk', options={**_whole, 'param_scheduler': [_falling]}),
    one_stage_symmetries=dict(
        config='stage1_trunk',
        options={**_whole, 'train_dataloader.dataset.pipeline': _symmetries}),
    one_stage_symmetries_falling=dict(
        config='stage1_trunk',
        options={
            **_whole,
            'train_dataloader.dataset.pipeline': _symmetries,
            'param_scheduler': [_falling],
        }),
    # Epoch 10 at this scale: the network has learnt most, and fits nothing yet.
    stage1_early=dict(
        config='stage1_trunk',
        options={
            'train_cfg.max_epochs': 300,
            'default_hooks.error_accumulation.begin': 17,
            'default_hooks.error_accumulation.snapshots': [300],
        }),
    two_stages_early=dict(
        config='stage2_B100-300', options={'lineage.parent': 'stage1_early'}))

_one_stage = [
    ('one stage', 'one_stage', None),
    ('averaged (SWA)', 'one_stage', dict(mean=40)),
    ('averaged (EMA)', 'one_stage', dict(ema=0.9, last=40)),
    ('batch norm re-estimated', 'one_stage', dict(batch_norm=True)),
    ('early stopping', 'one_stage', dict(best='val', every=10)),
    ('falling learning rate', 'one_stage_falling', None),
    ('flips and turns', 'one_stage_symmetries', None),
    ('flips, turns, falling', 'one_stage_symmetries_falling', None),
]
_two_stages = ['two stages, fitted', 'two stages, early']
# Every arm is decided by the same candidates, chosen on validation data.
arms = [
    dict(name='two stages, fitted', config='stage2_B100-300', decoders='standard',
         stability=True),
    dict(name='two stages, early', config='two_stages_early', decoders='standard',
         stability=True),
    *[
        dict(name=name, config=config, weights=weights, decoders='standard',
             stability=weights is None) for name, config, weights in _one_stage
    ],
]
reference = [name for name, _, _ in _one_stage]
stability = dict(last=40, every=2)
questions = [
    dict(name='1a: more accurate, errors of a network that has fitted?',
         arm='two stages, fitted', against='one stage', endpoint='iou', margin=0.02),
    dict(name='1b: more accurate, errors from early on?', arm='two stages, early',
         against='one stage', endpoint='iou', margin=0.02),
    dict(name='1c: steadier, errors of a network that has fitted?',
         arm='two stages, fitted', against='one stage', endpoint='deviation',
         margin=0.01),
    dict(name='1d: steadier, errors from early on?', arm='two stages, early',
         against='one stage', endpoint='deviation', margin=0.01),
    dict(name='2: more accurate than the best of what is cheap?', arm=_two_stages,
         against=reference, endpoint='iou', margin=0.02),
]
