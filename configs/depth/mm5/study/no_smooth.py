# Table 1, "No Smooth".
_base_ = './all.py'
model = dict(decode_head=dict(losses=dict(smooth=None)))
