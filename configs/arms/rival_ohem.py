# Cross-entropy of the hardest quarter of the pixels (OHEM) for both stages' epochs together.
_base_ = './_base_/budget.py'
model = dict(decode_head=dict(loss=dict(_delete_=True, type='OHEMBCELoss')))
