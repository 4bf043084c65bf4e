# All losses, on windows of 64 x 48 drawn anew each time: what a rig's background looks
# like can't be learnt by its place in the image.
_base_ = './all.py'
_flip = _base_.train_dataloader.dataset.pipeline[-2]
train_dataloader = dict(
    dataset=dict(pipeline=[
        *_base_.train_dataloader.dataset.pipeline[:-2],
        dict(type='RandomCrop', crop_size=(48, 64)), _flip,
        _base_.train_dataloader.dataset.pipeline[-1]
    ]))
