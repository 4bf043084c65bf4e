# The rate rises for two epochs of the paper's schedule, then stays.
_param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.01,
        begin=0,
        end=2,
        by_epoch=True,
        convert_to_iter_based=True)
]
