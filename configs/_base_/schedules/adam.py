# Table 1: Adam at its defaults, learning rate 1e-3, fixed.
optim_wrapper = dict(
    type='OptimWrapper',
    # One kernel for all weights; fused=False rounds otherwise, in the last digits.
    optimizer=dict(
        type='Adam', lr=1e-3, betas=(0.9, 0.999), eps=1e-8, fused=True))
