# What else a second channel may be trained on than all errors of branch B at 300: controls,
# and one kind of error alone.
_second_channels = dict(
    # Control: the second channel is trained on the ground truth once more. What it gains,
    # two heads and a union gain by themselves.
    target_copy=dict(
        config='stage2_B100-300',
        options={'train_dataloader.dataset.error_variant': dict(type='TargetCopy')}),
    # Control: the error masks of other tiles. As large and as ragged, but in no relation
    # to the image.
    shuffled_errors=dict(
        config='stage2_B100-300',
        options={'train_dataloader.dataset.error_variant': dict(type='ShuffledErrors')}),
    # Control: a band along the fields' outlines, as large as the errors.
    boundary_band=dict(
        config='stage2_B100-300',
        options={'train_dataloader.dataset.error_variant': dict(type='BoundaryBand')}),
    # The second channel predicts false negatives; lookalikes are left out of it.
    fn_only=dict(
        config='stage2_B100-300',
        options={
            'model.decode_head.type': 'MultiLabelHead',
            'model.decode_head.channels': ('target', 'fn'),
        }),
    # The second channel predicts lookalikes, and takes them off the target.
    fp_only=dict(
        config='stage2_B100-300',
        options={
            'model.decode_head.type': 'MultiLabelHead',
            'model.decode_head.channels': ('target', 'fp'),
            'model.decoder.mode': 'gated',
        }))
