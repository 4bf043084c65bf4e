# Case 4: branch B's errors of epochs 100-300.
lineage = dict(parent='stage1_B', epoch=300, use='bank')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400, val_interval=1)
