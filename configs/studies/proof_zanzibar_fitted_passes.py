# Study 12 of docs/protocol.md on buildings.
_base_ = './proof_dead_trees_fitted_passes.py'
stores = dict(
    train='data/zanzibar_30cm/train',
    val='data/zanzibar_30cm/val',
    test='data/zanzibar_30cm/test')
options = {'*': {'epoch_scale': 0.8}}
