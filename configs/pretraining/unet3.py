# The three-stage U-Net of the paper, its decoder with it.
_base_ = './_base_/masked_images.py'
model = dict(
    _base_._masked,
    # A guess looks 51 pixels far: of larger patches it would see little but the patch.
    patch_size=16,
    backbone=dict(type='UNet3', in_channels=3, base_channels=64))
