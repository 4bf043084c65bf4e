# Table 1, "No Consistency".
_base_ = './all.py'
model = dict(decode_head=dict(losses=dict(consistency=None)))
