# Stage 1 alone to 400 epochs: what the second stage is compared with.
lineage = dict(parent='stage1_trunk', epoch=200, use='continue')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=1)
