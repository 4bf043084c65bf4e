# All losses, with mmseg's MiT-B2.
_base_ = ['./all.py', './_base_/models/mit_b2.py']
model = dict(backbone=_base_._backbone, decode_head=dict(head=_base_._head))
optim_wrapper = _base_._optim_wrapper
