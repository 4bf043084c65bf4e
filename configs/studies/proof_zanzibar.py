# Does the second stage help on buildings, too? Study 3 of docs/protocol.md: the arms of
# proof_dead_trees.py but for "falling learning rate" and "flips and turns" alone.
_base_ = './proof_dead_trees.py'
stores = dict(
    train='data/zanzibar_30cm/train',
    val='data/zanzibar_30cm/val',
    test='data/zanzibar_30cm/test')
# Buildings are fitted later: 0.8 of the paper's epochs.
options = {'*': {'epoch_scale': 0.8}}
arms = [*_base_.arms[:7], _base_.arms[-1]]
reference = [*_base_.reference[:5], _base_.reference[-1]]
questions = [*_base_.questions[:4], {**_base_.questions[4], 'against': reference}]
