# All losses, mmseg's smallest Mix Transformer (SegFormer) with its decoder, from scratch.
_base_ = ['./all.py', '../../_base_/models/mit_b2.py']
model = dict(
    backbone=dict(_base_._backbone, embed_dims=32, num_layers=[2, 2, 2, 2]),
    decode_head=dict(head=dict(_base_._head, channels=64)))
optim_wrapper = _base_._optim_wrapper
