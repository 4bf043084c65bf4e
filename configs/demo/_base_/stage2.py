# Stage 2 of the demo.
_base_ = ['../../_base_/stage2.py', './size.py']
epoch_scale = _base_._size.epoch_scale
model = _base_._size.model
train_dataloader = _base_._size.train_dataloader
val_dataloader = _base_._size.val_dataloader
test_dataloader = val_dataloader
