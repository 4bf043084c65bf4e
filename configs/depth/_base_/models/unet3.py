# Structural and metric depth from one thermal band. The paper names no network, no
# loss weights and no schedule: all of this file is this project's choice.
model = dict(
    type='DepthEstimator',
    # The pipeline gives [0, 1]; grey mean and deviation of ImageNet, so that weights
    # trained on colour fit as they are.
    data_preprocessor=dict(type='BandNormalizer', mean=[0.449], std=[0.226]),
    backbone=dict(type='UNet3', in_channels=1, base_channels=64),
    decode_head=dict(
        type='DepthHead',
        # The U-Net decodes itself: its finest map goes straight to the two branches.
        head=dict(
            type='FCNHead',
            # As wide as the map that it reads: the backbone's base_channels.
            in_channels='from_backbone',
            channels='from_backbone',
            in_index=3,
            num_convs=0,
            concat_input=False,
            dropout_ratio=0),
        # Metres. What lies outside can't be predicted.
        min_depth=0.5,
        max_depth=80.0,
        structural_space='inverse_depth',
        # A config that inherits this one switches a term off with None. Weights are such
        # that late in training on rendered rooms each term weighs in: at the usual 0.1
        # smoothness would hardly count, and removing it would say nothing.
        losses=dict(
            structure=dict(type='StructureGradientLoss', scales=4, loss_weight=0.5),
            edge=dict(type='EdgePreservingLoss', sharpness=10.0, loss_weight=0.5),
            abs_rel=dict(type='AbsRelLoss', loss_weight=1.0),
            silog=dict(type='SILogLoss', silog_lambda=0.85, loss_weight=1.0),
            smooth=dict(
                type='StructureGuidedSmoothLoss', sharpness=10.0, loss_weight=1.0),
            consistency=dict(
                type='GradientConsistencyLoss', scales=4, loss_weight=0.5))))
