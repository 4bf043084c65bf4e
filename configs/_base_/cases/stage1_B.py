# The trunk resumed at 200 again, independently of A, to 250 (case 3) and 300 (case 4).
lineage = dict(parent='stage1_trunk', epoch=200, use='branch')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=300, val_interval=1)
