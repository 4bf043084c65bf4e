# Case 2: branch A's errors of epochs 100-250.
lineage = dict(parent='stage1_A', epoch=250, use='bank')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=1)
