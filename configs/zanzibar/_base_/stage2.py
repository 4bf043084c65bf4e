# Stage 2 of the Zanzibar example, at the size of its stage 1.
_base_ = '../../_base_/stage2.py'
epoch_scale = 0.12
model = dict(backbone=dict(base_channels=16))
train_dataloader = dict(
    batch_size=16, num_workers=0, dataset=dict(store='data/zanzibar/train'))
val_dataloader = dict(
    batch_size=16, num_workers=0, dataset=dict(store='data/zanzibar/test'))
test_dataloader = val_dataloader
