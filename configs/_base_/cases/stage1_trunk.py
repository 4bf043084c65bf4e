# Epochs 0-200, accumulating from 100: the bank of case 1, the trunk of A and B.
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200, val_interval=1)
