# The trunk resumed at 200, weights and bank, and trained to 250: case 2's bank.
lineage = dict(parent='stage1_trunk', epoch=200, use='branch')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=250, val_interval=1)
