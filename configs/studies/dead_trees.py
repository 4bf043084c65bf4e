# The core arms on the dead trees of Missouri and Arkansas, at a size that two CPU
# cores finish in two hours. docs/study.md says how the tiles were made.
_base_ = './_base_/second_channels.py'
configs = '..'
stores = dict(
    train='data/dead_trees/train',
    val='data/dead_trees/val',
    test='data/dead_trees/test')
seeds = [0, 1, 2]
options = {
    '*': {
        'epoch_scale': 0.16,
        'model.backbone.base_channels': 8,
        'train_dataloader.batch_size': 8,
        'train_dataloader.num_workers': 0,
        'val_dataloader.batch_size': 16,
        'val_dataloader.num_workers': 0,
        # Every score comes from the last checkpoint.
        'train_cfg.val_interval': 1000,
        'val_evaluator.objects': False,
    },
    # At a scale of 0.16 the network has hardly begun to fit at epoch 100.
    'stage1_*': {
        'default_hooks.error_accumulation.begin': 150
    },
}

# What is trained besides the paper's own configs: an arm or a lineage that names one of
# these means it, not the config of that name. Stage 1's banks have counts, which some
# second stages read.
_counts = {'default_hooks.error_accumulation.counts': True}
_no_errors = {
    'default_hooks.error_accumulation': None,
    'default_hooks.training_set_metric': dict(type='TrainingSetMetricHook'),
}
# One channel trained anew for 400 epochs, which knows the errors of branch B at 300.
_second_look = {
    'lineage': dict(parent='stage1_B', epoch=300, use='bank'),
    'default_hooks.history.stage': 2,
    **_no_errors,
}
trainings = dict(
    stage1_trunk=dict(config='stage1_trunk', options=_counts),
    stage1_A=dict(config='stage1_A', options=_counts),
    stage1_B=dict(config='stage1_B', options=_counts),
    stage1_baseline=dict(config='stage1_baseline', options=_counts),
    # One stage for as many epochs as both stages of case B100-300: 300 + 400.
    stage1_budget=dict(
        config='stage1_baseline',
        options={
            **_counts,
            'lineage': dict(parent='stage1_baseline', epoch=400, use='continue'),
            'train_cfg.max_epochs': 700,
        }),
    **_base_._second_channels,
    # False negatives and lookalikes apart: (target or FN) and not lookalike.
    gated=dict(
        config='stage2_B100-300',
        options={
            'model.decode_head.type': 'MultiLabelHead',
            'model.decode_head.channels': ('target', 'fn', 'fp'),
            'model.decoder.mode': 'gated',
        }))

# Candidates of a decision; the one with the best IoU on validation data is used.
_levels = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    0.8, 0.9, 0.95
]
_errors = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
_single = [dict(mode='target', threshold=t) for t in _levels]
_common = [dict(mode='union', threshold=t) for t in _levels]
_each = [
    dict(mode='union', threshold=dict(target=t, error=e)) for t in _levels
    for e in _errors
]
_touching = [
    dict(mode='touching', threshold=dict(target=t, error=e), confident=c)
    for t in [0.02, 0.1, 0.3, 0.5] for e in [0.3, 0.5, 0.7, 0.9] for c in [0.9, 0.97, 1.0]
]
_shapes = [
    dict(min_area=area, max_hole=hole) for area in [0, 5, 10, 20, 40]
    for hole in [0, 20]
]
_grown = [dict(grow=pixels) for pixels in [0, 1, 2, 3, 4]]
_gated = [
    dict(mode='gated', threshold=dict(target=t, fn=m, fp=f))
    for t in [0.005, 0.02, 0.1, 0.3, 0.5, 0.7] for m in [0.3, 0.5, 0.7, 0.9, 0.99]
    for f in [0.1, 0.3, 0.5, 0.7, 0.9]
]
_missed = [
    dict(mode='union', threshold=dict(target=t, fn=m)) for t in _levels
    for m in _errors
]

reference = 'stage 1, whole budget, threshold'
arms = [
    dict(name='stage 1', config='stage1_baseline'),
    dict(name='stage 1, threshold', config='stage1_baseline', decoders=_single),
    dict(name='stage 1, whole budget', config='stage1_budget'),
    dict(name=reference, config='stage1_budget', decoders=_single),
    dict(name='stage 1, whole budget, threshold, grown', config='stage1_budget',
         decoders=_single, filters=_grown),
    dict(name='stage 1, union of 2 seeds', config='stage1_baseline',
         ensemble='union'),
    dict(name='stage 1, mean of 2 seeds', config='stage1_baseline', ensemble='mean'),
    dict(name='A100-250, union (paper)', config='stage2_A100-250'),
    dict(name='B100-300, union (paper)', config='stage2_B100-300'),
    dict(name='B100-300, channel 0 only', config='stage2_B100-300',
         decoders=[dict(mode='target')]),
    dict(name='B100-300, channel 0, threshold', config='stage2_B100-300',
         decoders=_single),
    dict(name='B100-300, one threshold', config='stage2_B100-300', decoders=_common),
    dict(name='B100-300, threshold each', config='stage2_B100-300', decoders=_each),
    dict(name='B100-300, touching', config='stage2_B100-300', decoders=_touching),
    dict(name='B100-300, union, shapes', config='stage2_B100-300',
         decoders=[dict(mode='union')], filters=_shapes),
    dict(name='copy of the truth', config='target_copy'),
    dict(name='shuffled errors', config='shuffled_errors'),
    dict(name='boundary band', config='boundary_band'),
    dict(name='FN only', config='fn_only'),
    dict(name='FN only, threshold each', config='fn_only', decoders=_missed),
    dict(name='FN and FP, gated', config='gated'),
    dict(name='FN and FP, gated, threshold each', config='gated', decoders=_gated),
]
