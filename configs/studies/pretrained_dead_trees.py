# Does an encoder of the training images' unlabelled pixels help where few are labelled,
# more than as many steps from scratch? About an hour of one core, after
#   mmext pretrain mmext::pretraining/unet3.py train_images.txt \
#       --work-dir work_dirs/pretraining/dead_trees --tiles 2080 --tile-size 64 \
#       --cfg-options epoch_scale=0.18 model.backbone.base_channels=12 \
#       train_dataloader.batch_size=8
# train_images.txt has a line for each training image. 18 epochs of 260 steps are as many
# as 180 epochs on the 208 labelled tiles, 26 steps each. All seeds begin with one
# encoder, so the intervals lack what chance does to it.
_base_ = './proof_dead_trees.py'
_begun = {
    'model.backbone.init_cfg': dict(
        type='Pretrained',
        checkpoint='work_dirs/pretraining/dead_trees/encoder.pth',
        prefix='backbone.')
}
_frozen = {'model.frozen': ['backbone.encoder', 'backbone.bottleneck']}
trainings = dict(
    from_scratch=dict(config='stage1_trunk', options=_base_._no_errors),
    # 300 epochs at this scale, where from_scratch has 120.
    from_scratch_longer=dict(
        config='stage1_trunk',
        options={**_base_._no_errors, 'train_cfg.max_epochs': 500}),
    pretrained=dict(
        config='stage1_trunk', options={**_base_._no_errors, **_begun}),
    pretrained_frozen=dict(
        config='stage1_trunk',
        options={**_base_._no_errors, **_begun, **_frozen}))
# Every arm is decided by the same candidates, chosen on validation data.
arms = [
    dict(name=name, config=config, decoders='standard', stability=True)
    for name, config in [
        ('pretrained', 'pretrained'),
        ('pretrained, encoder frozen', 'pretrained_frozen'),
        ('from scratch', 'from_scratch'),
        ('from scratch, same cost', 'from_scratch_longer'),
    ]
]
reference = ['from scratch', 'from scratch, same cost']
questions = [
    dict(name='more accurate than from scratch at the same cost?', arm='pretrained',
         against=reference, endpoint='iou', margin=0.02),
]
