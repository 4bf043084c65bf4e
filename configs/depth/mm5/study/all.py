# "All losses" at the size of tools/study_mm5.sh, which two cores bear: a network half as
# wide, images of 80 x 60, 14 epochs of which the last is scored.
_base_ = '../all.py'
epoch_scale = 0.35
model = dict(backbone=dict(base_channels=8))
train_cfg = dict(val_interval=100)
_resize = dict(type='Resize', scale=(80, 60), keep_ratio=False)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(pipeline=[
        _resize if step.type == 'Resize' else step
        for step in _base_.train_dataloader.dataset.pipeline
    ]))
val_dataloader = dict(
    dataset=dict(pipeline=[
        _resize if step.type == 'Resize' else step
        for step in _base_.val_dataloader.dataset.pipeline
    ]))
test_dataloader = val_dataloader
