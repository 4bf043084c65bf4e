# MM5 with a narrow network.
_base_ = [
    './runtime.py', './datasets/mm5.py', './models/unet3.py', './schedule.py'
]
model = dict(
    backbone=dict(base_channels=16),
    decode_head=dict(
        min_depth=0.2,
        max_depth=2.0,
        # FastDepth gives depth. A teacher that gives inverse depth needs
        # 'inverse_depth' here.
        structural_space='depth'))
