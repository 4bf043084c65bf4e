# Cross-entropy and Dice loss, with tiles drawn uniformly.
_base_ = './rival_bce_dice.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
