# Stage 2: the same U-Net with a second channel; the prediction is their union.
_base_ = './unet3.py'
model = dict(
    decode_head=dict(_delete_=True, type='DualHead', head=_base_.model.decode_head.head,
                     loss=dict(type='MaskedBCEWithLogitsLoss')),
    decoder=dict(mode='union'))
