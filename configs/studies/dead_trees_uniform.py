# dead_trees_rivals.py with every tile drawn once an epoch, without PositiveTileSampler.
_base_ = './dead_trees_rivals.py'
trainings = {
    f'rival_{name}_uniform': dict(
        config='stage1_trunk',
        options={
            **_base_._no_errors,
            'train_cfg.max_epochs': 700,
            'model.decode_head.loss': dict(_delete_=True, **loss),
            'train_dataloader.sampler': dict(
                _delete_=True, type='DefaultSampler', shuffle=True),
        })
    for name, loss in _base_._losses.items()
}
reference = 'cross-entropy, positive tiles'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_base_._single),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}_uniform',
             decoders=_base_._single) for loss in _base_._losses
    ],
]
