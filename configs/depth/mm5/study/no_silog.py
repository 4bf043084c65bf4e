# Table 1, "No SiLog".
_base_ = './all.py'
model = dict(decode_head=dict(losses=dict(silog=None)))
