# Control: the error masks of other tiles. As large and as ragged, but in no relation
# to the image.
_base_ = './_base_/stage2.py'
train_dataloader = dict(dataset=dict(error_variant=dict(type='ShuffledErrors')))
