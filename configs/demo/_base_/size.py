# What both stages of the demo change: synthetic scenes, a narrow network, the paper's
# schedule at 8 %.
_size = dict(
    epoch_scale=0.08,
    model=dict(backbone=dict(base_channels=12)),
    train_dataloader=dict(
        batch_size=8, num_workers=0, dataset=dict(store='data/demo/train')),
    val_dataloader=dict(
        batch_size=16, num_workers=0, dataset=dict(store='data/demo/test')))
