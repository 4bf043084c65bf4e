# The same on buildings, with proof_zanzibar.py's stores, after
#   mmext pretrain mmext::pretraining/unet3.py TRAINING_SCENES \
#       --work-dir work_dirs/pretraining/zanzibar --tiles 2112 --tile-size 64 \
#       --cfg-options epoch_scale=0.12 model.backbone.base_channels=12 \
#       train_dataloader.batch_size=8 train_dataloader.num_workers=0
# 12 epochs of 264 steps are as many as 144 epochs on the 176 labelled tiles, 22 steps
# each. The scenes are at the pixel size of the stores, 30 cm, and without the part that
# is tested.
_base_ = './pretrained_dead_trees.py'
stores = dict(
    train='data/zanzibar_30cm/train',
    val='data/zanzibar_30cm/val',
    test='data/zanzibar_30cm/test')
_encoder = {
    'model.backbone.init_cfg': dict(
        type='Pretrained',
        checkpoint='work_dirs/pretraining/zanzibar/encoder.pth',
        prefix='backbone.')
}
trainings = dict(
    # 224 epochs at this scale: 80 and those of the encoder.
    from_scratch_longer_zanzibar=dict(
        config='stage1_trunk',
        options={**_base_._no_errors, 'train_cfg.max_epochs': 560}),
    pretrained_zanzibar=dict(
        config='stage1_trunk', options={**_base_._no_errors, **_encoder}))
arms = [
    dict(_base_.arms[0], config='pretrained_zanzibar'), _base_.arms[1],
    dict(_base_.arms[2], config='from_scratch_longer_zanzibar')
]
