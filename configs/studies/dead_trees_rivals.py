# Other losses for the epochs of both stages, on the dead trees. In the same --out as
# dead_trees.py this study trains only what is not there yet. Every loss has its threshold
# from validation data: what 0.5 means differs.
_base_ = './dead_trees.py'
_losses = dict(
    # Stage 1's own.
    bce=dict(type='MaskedBCEWithLogitsLoss'),
    # Cross-entropy of the hardest quarter of the pixels.
    ohem=dict(type='OHEMBCELoss'),
    focal=dict(type='BinaryFocalLoss'),
    focal_tversky=dict(type='FocalTverskyLoss'),
    soft_iou=dict(type='SoftIoULoss'),
    bce_dice=dict(type='BCEDiceLoss'),
    unified_focal=dict(type='UnifiedFocalLoss'),
    # mmseg's.
    lovasz=dict(type='LovaszLoss', loss_type='binary', reduction='none'))
# One stage for as many epochs as both of case B100-300 have: 300 + 400.
trainings = {
    f'rival_{name}': dict(
        config='stage1_trunk',
        options={
            **_base_._no_errors,
            'train_cfg.max_epochs': 700,
            'model.decode_head.loss': dict(_delete_=True, **loss),
        })
    for name, loss in _losses.items()
}
reference = 'cross-entropy'
arms = [
    dict(name=reference, config='stage1_budget', decoders=_base_._single),
    dict(name='two stages, B100-300, one threshold', config='stage2_B100-300',
         decoders=_base_._common),
    *[
        dict(name=loss.replace('_', ' '), config=f'rival_{loss}', decoders=_base_._single)
        for loss in _losses if loss != 'bce'  # the reference
    ],
]
