# Other errors than "ever wrong", and other uses of them than a second channel, on the dead
# trees: in the same --out as dead_trees.py this study trains only what is not there yet.
_base_ = './dead_trees.py'
_soft = [
    dict(mode='union', threshold=dict(target=t, error_frequency=e)) for t in _base_._levels
    for e in [0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
]
trainings = {
    # dead_trees.py accumulates from 150 on; here the beginning is what differs.
    **{
        f'stage1_begin{begin}': dict(
            config='stage1_trunk',
            options={
                'train_cfg.max_epochs': 300,
                'default_hooks.error_accumulation.begin': begin,
                'default_hooks.error_accumulation.snapshots': [300],
            })
        for begin in (0, 50, 200)
    },
    **{
        f'begin{begin}': dict(
            config='stage2_B100-300',
            options={'lineage.parent': f'stage1_begin{begin}'})
        for begin in (0, 50, 200)
    },
    # Stage 1 on one half of the tiles; errors are those on the other half.
    **{
        f'stage1_fold{fold}': dict(
            config='stage1_trunk',
            options={
                'train_cfg.max_epochs': 300,
                'train_dataloader.dataset.folds': dict(number=2, held_out=fold),
                'default_hooks.error_accumulation.held_out': True,
                'default_hooks.error_accumulation.snapshots': [300],
            })
        for fold in (0, 1)
    },
    'out_of_fold': dict(
        config='stage2_B100-300',
        options={'lineage.parent': ['stage1_fold0', 'stage1_fold1']}),
    # Errors are pixels that were wrong in at least a tenth of the passes.
    'minimum_count': dict(
        config='stage2_B100-300',
        options={
            'train_dataloader.dataset.error_variant': dict(type='MinimumCount', share=0.1)
        }),
    # The second channel's target is soft: the share of passes that got the pixel wrong.
    'error_frequency': dict(
        config='stage2_B100-300',
        options={
            'model.decode_head.type': 'MultiLabelHead',
            'model.decode_head.channels': ('target', 'error_frequency'),
            'train_dataloader.dataset.pipeline.1.type': 'LoadErrorFrequency',
        }),
    # The error mask as a loss weight: one channel, pixels once wrong count five times.
    'error_weight': dict(
        config='stage1_baseline',
        options={
            **_base_._second_look,
            'model.decode_head.error_weight': 5.0,
            'train_dataloader.dataset.pipeline': [
                dict(type='LoadTile'),
                dict(type='LoadErrorMask'),
                dict(type='PackTileInputs')
            ],
        }),
    # Just Train Twice: one channel, tiles with errors are drawn five times as often.
    'jtt': dict(
        config='stage1_baseline',
        options={
            **_base_._second_look,
            'train_dataloader.sampler': dict(
                _delete_=True, type='ErrorTileSampler', weighting='upweight'),
        }),
    # Sampling by error map: one channel, tiles are drawn by the area of their errors.
    'error_sampling': dict(
        config='stage1_baseline',
        options={
            **_base_._second_look,
            'train_dataloader.sampler': dict(
                _delete_=True, type='ErrorTileSampler', weighting='area'),
        }),
}
reference = 'stage 1, whole budget, threshold'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_base_._single),
    dict(name='ever wrong from 150', config='stage2_B100-300'),
    dict(name='ever wrong from 150, one threshold', config='stage2_B100-300',
         decoders=_base_._common),
    dict(name='minimum count', config='minimum_count'),
    dict(name='minimum count, one threshold', config='minimum_count',
         decoders=_base_._common),
    dict(name='frequency, threshold each', config='error_frequency', decoders=_soft),
    dict(name='from 0', config='begin0'),
    dict(name='from 0, one threshold', config='begin0', decoders=_base_._common),
    dict(name='from 50', config='begin50'),
    dict(name='from 50, one threshold', config='begin50', decoders=_base_._common),
    dict(name='from 50, touching', config='begin50', decoders=_base_._touching),
    dict(name='from 50, channel 0, threshold', config='begin50', decoders=_base_._single),
    dict(name='from 200', config='begin200'),
    dict(name='from 200, one threshold', config='begin200', decoders=_base_._common),
    dict(name='out of fold', config='out_of_fold'),
    dict(name='out of fold, one threshold', config='out_of_fold', decoders=_base_._common),
    dict(name='errors as loss weight', config='error_weight', decoders=_base_._single),
    dict(name='Just Train Twice', config='jtt', decoders=_base_._single),
    dict(name='sampled by error map', config='error_sampling', decoders=_base_._single),
]
