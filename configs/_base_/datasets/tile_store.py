# Tile stores made by tools/prepare_tiles.py. The paper's: 8,436 training tiles of
# 256 x 256 from five orthophotos, 3,496 test tiles from two of another region.
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    # Workers that outlive an epoch cannot be resumed exactly.
    persistent_workers=False,
    worker_init_fn=dict(type='mmext.epoch_worker_init_fn'),
    # Batches are read as one and stay as they are stored, eight or sixteen bits a
    # value, up to the device; flips, turns and light are changed there. Without it
    # tiles are read, changed and stacked one by one, with other random numbers.
    collate_fn=dict(type='mmext.collate_tiles'),
    # A tile with more than 0.1 % target is positive; positive : negative = 2 : 1.
    sampler=dict(type='PositiveTileSampler', positive_threshold=0.001, ratio=(2, 1)),
    dataset=dict(
        type='TileDataset',
        store='data/ginseng/train',
        # No augmentation: the paper names none.
        pipeline=[dict(type='LoadTile'), dict(type='PackTileInputs')]))
# The test region is scored after every epoch, for the curves only: nothing is
# chosen by it, and no checkpoint is kept for being best on it. Scores between epochs
# are called test/... where both loaders read the same data, and val/... otherwise.
val_dataloader = dict(
    batch_size=48,
    num_workers=4,
    collate_fn=dict(type='mmext.collate_tiles'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='TileDataset',
        store='data/ginseng/test',
        pipeline=[dict(type='LoadTile'), dict(type='PackTileInputs')]))
test_dataloader = val_dataloader
val_evaluator = dict(type='BinarySegMetric')
test_evaluator = val_evaluator
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
