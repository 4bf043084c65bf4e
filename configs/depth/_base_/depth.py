# The full size: MS2, all losses. The ablations and the other data inherit this.
_base_ = [
    './runtime.py', './datasets/ms2.py', './models/unet3.py', './schedule.py'
]
