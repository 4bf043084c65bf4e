# The demo: synthetic scenes, a narrow network, the paper's schedule at 8 %.
_base_ = '../../_base_/stage1.py'
epoch_scale = 0.08
model = dict(backbone=dict(base_channels=12))
train_dataloader = dict(
    batch_size=8, num_workers=0, dataset=dict(store='data/demo/train'))
val_dataloader = dict(
    batch_size=16, num_workers=0, dataset=dict(store='data/demo/test'))
test_dataloader = val_dataloader
