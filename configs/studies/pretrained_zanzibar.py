# The same on buildings: proof_zanzibar.py's stores and scale, after
#   mmext pretrain mmext::pretraining/unet3.py TRAINING_SCENES \
#       --work-dir work_dirs/pretraining/zanzibar --tiles 2112 --tile-size 64 \
#       --cfg-options epoch_scale=0.2 model.backbone.base_channels=12 \
#       train_dataloader.batch_size=8
# 20 epochs of 264 steps are as many as 240 epochs on the 176 labelled tiles. The scenes
# are at the pixel size of the stores, 30 cm, and without the part that is tested.
_base_ = './pretrained_dead_trees.py'
stores = dict(
    train='data/zanzibar_30cm/train',
    val='data/zanzibar_30cm/val',
    test='data/zanzibar_30cm/test')
options = {'*': {'epoch_scale': 0.8}}
_encoder = {
    'model.backbone.init_cfg.checkpoint':
    'work_dirs/pretraining/zanzibar/encoder.pth'
}
trainings = dict(
    pretrained_zanzibar=dict(
        config='stage1_trunk',
        options={**_base_._no_errors, **_base_._begun, **_encoder}),
    pretrained_frozen_zanzibar=dict(
        config='stage1_trunk',
        options={
            **_base_._no_errors, **_base_._begun, **_base_._frozen, **_encoder
        }))
arms = [
    dict(_base_.arms[0], config='pretrained_zanzibar'),
    dict(_base_.arms[1], config='pretrained_frozen_zanzibar'), *_base_.arms[2:]
]
