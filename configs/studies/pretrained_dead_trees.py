# Does an encoder of the training images' unlabelled pixels help where few are labelled,
# more than as many steps from scratch? 50 minutes of two cores, after
#   mmext pretrain mmext::pretraining/unet3.py train_images.txt \
#       --work-dir work_dirs/pretraining/dead_trees --tiles 2080 --tile-size 64 \
#       --cfg-options epoch_scale=0.12 model.backbone.base_channels=12 \
#       train_dataloader.batch_size=8 train_dataloader.num_workers=0
# train_images.txt has a line for each training image. 12 epochs of 260 steps are as many
# as 120 epochs on the 208 labelled tiles, 26 steps each. All seeds begin with one
# encoder, so the intervals lack what chance does to it.
_base_ = './proof_dead_trees.py'
options = {'*': {'epoch_scale': 0.4}}
_begun = {
    'model.backbone.init_cfg': dict(
        type='Pretrained',
        checkpoint='work_dirs/pretraining/dead_trees/encoder.pth',
        prefix='backbone.')
}
trainings = dict(
    from_scratch=dict(config='stage1_trunk', options=_base_._no_errors),
    # 200 epochs at this scale, where from_scratch has 80.
    from_scratch_longer=dict(
        config='stage1_trunk',
        options={**_base_._no_errors, 'train_cfg.max_epochs': 500}),
    pretrained=dict(
        config='stage1_trunk', options={**_base_._no_errors, **_begun}))
# Every arm is decided by the same candidates, chosen on validation data.
arms = [
    dict(name=name, config=config, decoders='standard')
    for name, config in [
        ('pretrained', 'pretrained'),
        ('from scratch', 'from_scratch'),
        ('from scratch, same cost', 'from_scratch_longer'),
    ]
]
reference = ['from scratch', 'from scratch, same cost']
stability = None
questions = [
    dict(name='more accurate than from scratch at the same cost?', arm='pretrained',
         against=reference, endpoint='iou', margin=0.02),
]
