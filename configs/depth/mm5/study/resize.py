# All losses, a decoder that resizes and convolves.
_base_ = './all.py'
model = dict(backbone=dict(upsampling='resize'))
