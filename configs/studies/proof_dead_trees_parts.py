# Which part of the second stage does it? Study 2 of docs/protocol.md: in the same --out as
# proof_dead_trees.py, whose begin "fitted" validation preferred, it trains only what is not
# there yet; seven hours of one core.
_base_ = ['./proof_dead_trees.py', './_base_/second_channels.py']
# Other ways to the bank of epoch 300: a stage 1 of their own, and a second stage.
_to_300 = {
    'train_cfg.max_epochs': 300,
    'default_hooks.error_accumulation.snapshots': [300],
}
trainings = {
    **_base_._second_channels,
    # Errors of the training's own steps: no pass is needed.
    'stage1_training_forward': dict(
        config='stage1_trunk',
        options={**_to_300, 'default_hooks.error_accumulation.source': 'training'}),
    'training_forward': dict(
        config='stage2_B100-300',
        options={'lineage.parent': 'stage1_training_forward'}),
    # How seldom the passes are, in epochs as they are trained, the options say.
    'stage1_seldom_passes': dict(config='stage1_trunk', options=_to_300),
    'seldom_passes': dict(
        config='stage2_B100-300', options={'lineage.parent': 'stage1_seldom_passes'}),
    # Stage 1 on one half of the tiles, errors of the other half. Such a bank begins at an
    # epoch: the median at which the five seeds of study 1 had fitted, 69 at this scale.
    **{
        f'stage1_half{fold}': dict(
            config='stage1_trunk',
            options={
                **_to_300,
                'train_dataloader.dataset.folds': dict(number=2, held_out=fold),
                'default_hooks.error_accumulation.begin': 115,
                'default_hooks.error_accumulation.held_out': True,
            })
        for fold in (0, 1)
    },
    'out_of_half': dict(
        config='stage2_B100-300',
        options={'lineage.parent': ['stage1_half0', 'stage1_half1']}),
    # Branch A as long as B: other random numbers from the trunk on.
    'stage1_A_to_300': dict(config='stage1_A', options={'train_cfg.max_epochs': 300}),
    'other_branch': dict(
        config='stage2_B100-300', options={'lineage.parent': 'stage1_A_to_300'}),
}
options = {
    'stage1_training_forward': _base_._fitted,
    # One pass in every fifth epoch instead of three in each.
    'stage1_seldom_passes': {
        **_base_._fitted,
        'default_hooks.error_accumulation.passes_per_epoch': 1,
        'default_hooks.error_accumulation.pass_interval': 5,
    },
    'stage1_A_to_300': _base_._fitted,
    **{
        name: _base_._seldom
        for name in (*_base_._second_channels, 'training_forward', 'seldom_passes',
                     'out_of_half', 'other_branch')
    },
}

reference = 'two stages, fitted'
_parts = {
    'false negatives only': 'fn_only',
    'false positives only': 'fp_only',
    'copy of the truth': 'target_copy',
    'shuffled errors': 'shuffled_errors',
    'boundary band': 'boundary_band',
    'errors of the training forward': 'training_forward',
    'one pass every fifth epoch': 'seldom_passes',
    'out of fold': 'out_of_half',
    'the other branch': 'other_branch',
}
arms = [
    dict(name=reference, config='stage2_B100-300', decoders='standard'),
    *[
        dict(name=name, config=config, decoders='standard')
        for name, config in _parts.items()
    ],
]
stability = None
questions = [
    dict(name=f'{name}: as accurate as the error mask?', arm=name, against=reference,
         endpoint='iou', margin=0.02) for name in _parts
]
