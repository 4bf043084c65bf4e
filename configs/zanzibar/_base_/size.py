# What both stages change for buildings in two orthophotos of Zanzibar, on a small
# machine: a narrower network and the paper's schedule at 12 %.
_size = dict(
    epoch_scale=0.12,
    model=dict(backbone=dict(base_channels=16)),
    train_dataloader=dict(
        batch_size=16, num_workers=0, dataset=dict(store='data/zanzibar/train')),
    val_dataloader=dict(
        batch_size=16, num_workers=0, dataset=dict(store='data/zanzibar/test')))
