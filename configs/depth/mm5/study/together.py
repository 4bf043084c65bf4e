# Confident consistency, resizing, and shifted windows.
_base_ = './shifted.py'
model = dict(
    backbone=dict(upsampling='resize'),
    decode_head=dict(
        losses=dict(
            consistency=dict(
                _delete_=True, type='ConfidentConsistencyLoss', loss_weight=0.5))))
