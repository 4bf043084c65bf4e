# MM5, tabletop objects, read at half its size (160 x 120), scored at 320 x 240.
# Its rigs are fixed: on the published split a background learnt by heart scores well
# (docs/depth.md). Across rigs:
#   --cfg-options train_dataloader.dataset.split=rig_A \
#       val_dataloader.dataset.split=rig_B test_dataloader.dataset.split=rig_B
_base_ = './depth.py'
model = dict(
    backbone=dict(base_channels=16),
    decode_head=dict(
        head=dict(in_channels=16, channels=16),
        min_depth=0.2,
        max_depth=2.0,
        # FastDepth gives depth. A teacher that gives inverse depth needs
        # 'inverse_depth' here.
        structural_space='depth'))
_resize = dict(type='Resize', scale=(160, 120), keep_ratio=False)
_train = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='LoadDepth'),
    dict(type='LoadStructural'),
    _resize,
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDepthInputs')]
# The truth is loaded after resizing: it keeps its size, and the prediction is brought
# back to it.
_test = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    _resize,
    dict(type='LoadDepth'),
    dict(type='LoadObjectMask'),
    dict(type='PackDepthInputs')]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='MM5Dataset',
        root='../shared/data/mm5_rgbdt',
        split='train',
        structural='data/mm5_structural',
        pipeline=_train))
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(
        _delete_=True,
        type='MM5Dataset',
        root='../shared/data/mm5_rgbdt',
        split='eval',
        pipeline=_test))
test_dataloader = val_dataloader
val_evaluator = dict(prefix='test', max_depth=2.0)
test_evaluator = dict(max_depth=2.0)
