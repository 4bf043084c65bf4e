# Case 1: the trunk's errors of epochs 100-200.
lineage = dict(parent='stage1_trunk', epoch=200, use='bank')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=1)
