# Soft IoU loss for both stages' epochs together.
_base_ = './_base_/budget.py'
model = dict(decode_head=dict(loss=dict(_delete_=True, type='SoftIoULoss')))
