# Stage 1: the three-stage U-Net with one output channel. The paper does not state
# the base width; 64 is the U-Net's own.
model = dict(
    type='BinarySegmentor',
    # Faster; False is as before it came, to the last digit.
    channels_last=True,
    # Mean and deviation of each band, taken from the training store.
    data_preprocessor=dict(
        type='BandNormalizer', mean='from_store', std='from_store'),
    backbone=dict(type='UNet3', in_channels=3, base_channels=64),
    decode_head=dict(
        type='MultiLabelHead',
        channels=('target',),
        # Nothing but a 1 x 1 convolution on the finest of the backbone's maps.
        head=dict(
            type='FCNHead',
            # As wide as the map that it reads: the backbone's base_channels.
            in_channels='from_backbone',
            channels='from_backbone',
            in_index=3,
            num_convs=0,
            concat_input=False,
            dropout_ratio=0,
            init_cfg=dict(
                type='Kaiming',
                mode='fan_in',
                override=dict(name='conv_seg'))),
        loss=dict(type='MaskedBCEWithLogitsLoss')),
    decoder=dict(type='UnionDecoder', threshold=0.5))
