# Control: a band along the fields' outlines, as large as the errors.
_base_ = './_base_/stage2.py'
train_dataloader = dict(dataset=dict(error_variant=dict(type='BoundaryBand')))
