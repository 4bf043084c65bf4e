# Other error masks than "ever wrong", on the dead trees: in the same --out as
# dead_trees.py this study trains only what is not there yet.
_base_ = './dead_trees.py'
_levels = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    0.8, 0.9, 0.95
]
_common = [dict(mode='union', threshold=t) for t in _levels]
_soft = [
    dict(mode='union', threshold=dict(target=t, error_frequency=e)) for t in _levels
    for e in [0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
]
reference = 'stage 1, whole budget, threshold'
arms = [
    dict(name=reference, config='stage1_budget',
         decoders=[dict(mode='target', threshold=t) for t in _levels]),
    dict(name='ever wrong, one threshold', config='stage2_B100-300',
         decoders=_common),
    dict(name='minimum count', config='minimum_count'),
    dict(name='minimum count, one threshold', config='minimum_count',
         decoders=_common),
    dict(name='frequency, threshold each', config='error_frequency', decoders=_soft),
]
