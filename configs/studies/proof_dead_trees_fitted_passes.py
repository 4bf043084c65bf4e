# Does the second stage gain by errors of fitted passes alone? Study 12 of docs/protocol.md:
# a network that has fitted still comes off for an epoch, and such epochs bring most of the
# bank. After proof_dead_trees.py it trains both stages only; an hour and a quarter of one core.
_base_ = './proof_dead_trees.py'
trainings = dict(
    stage1_fitted_passes=dict(
        config='stage1_trunk',
        options={
            'train_cfg.max_epochs': 300,
            'default_hooks.error_accumulation.snapshots': [300],
        }),
    two_stages_fitted_passes=dict(
        config='stage2_B100-300', options={'lineage.parent': 'stage1_fitted_passes'}))
options = {
    'stage1_fitted_passes': {
        **_base_._fitted,
        'default_hooks.error_accumulation.min_train_iou': 0.99,
    },
}
_new = 'two stages, fitted passes'
_plain, _rival = _base_.arms[0], _base_.arms[2]
arms = [
    dict(_plain, name=_new, config='two_stages_fitted_passes'),
    _plain,
    _rival,
]
reference = _plain['name']
questions = [
    dict(name='12a: more accurate than with all errors?', arm=_new,
         against=_plain['name'], endpoint='iou', margin=0.02),
    dict(name='12b: more accurate than one stage?', arm=_new,
         against=_rival['name'], endpoint='iou', margin=0.02),
    dict(name='12c: steadier than with all errors?', arm=_new,
         against=_plain['name'], endpoint='deviation', margin=0.01),
]
