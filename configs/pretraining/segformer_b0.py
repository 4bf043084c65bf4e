# SegFormer's smallest encoder; another network's is taken from its file likewise.
_base_ = ['./_base_/masked_images.py', '../variants/_base_/segformer_b0.py']
_backbone = dict(_base_._backbone)
_backbone.pop('_delete_')
model = dict(_base_._masked, backbone=_backbone)
