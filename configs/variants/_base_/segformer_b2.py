# SegFormer on its third encoder, the size of a ResNet-50.
_base_ = './segformer_b0.py'
_model = dict(backbone=dict(embed_dims=64, num_layers=[3, 4, 6, 3]))
