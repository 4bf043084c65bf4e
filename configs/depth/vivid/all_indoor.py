# All losses on ViViD's indoor sequences in their prepared form, up to 10 m.
_base_ = '../_base_/depth.py'
model = dict(decode_head=dict(min_depth=0.2, max_depth=10.0))
_test = [
    dict(type='LoadThermal', normalisation=dict(type='percentile', low=1, high=99)),
    dict(type='LoadDepth'),
    dict(type='PackDepthInputs')]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ViViDDataset',
        root='data/vivid',
        lists='train_indoor.txt',
        structural='data/vivid_structural',
        pipeline=_base_.train_dataloader.dataset.pipeline))
# The published validation lists overlap the test lists.
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ViViDDataset',
        root='data/vivid',
        lists='val_indoor.txt',
        step=10,
        pipeline=_test))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ViViDDataset',
        root='data/vivid',
        lists='test_indoor.txt',
        pipeline=_test))
val_evaluator = dict(max_depth=10.0)
test_evaluator = dict(max_depth=10.0)
