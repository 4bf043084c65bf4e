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
_no_errors = {
    'default_hooks.error_accumulation': None,
    'default_hooks.training_set_metric': dict(
        type='TrainingSetMetricHook', interval=10),
}
# Early stopping looks back at all of them.
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
    'stage1_trunk': _fitted,
    'stage1_B': _fitted,
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

reference = 'one stage'
arms = [
    dict(name='two stages, fitted', config='stage2_B100-300'),
    dict(name='two stages, early', config='two_stages_early'),
    dict(name=reference, config='one_stage'),
    dict(name='falling learning rate', config='one_stage_falling'),
    dict(name='flips and turns', config='one_stage_symmetries'),
    dict(name='flips, turns, falling', config='one_stage_symmetries_falling'),
]
