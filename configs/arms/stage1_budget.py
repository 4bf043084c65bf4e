# Stage 1 alone for as many epochs as both stages of case B100-300: 300 + 400.
_base_ = './_base_/stage1.py'
lineage = dict(parent='stage1_baseline', epoch=400, use='continue')
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=700, val_interval=1)
