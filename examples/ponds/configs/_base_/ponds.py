# What both stages take of ponds.py, and their data.
custom_imports = dict(imports=['ponds'])
_epoch_scale = 0.1
_backbone = dict(_delete_=True, type='Widening', width=12)
_head = dict(
    head=dict(in_index=0),
    loss=dict(_delete_=True, type='BrierLoss'))
_train = dict(batch_size=8, num_workers=0, dataset=dict(store='tiles/train'))
_test = dict(batch_size=8, num_workers=0, dataset=dict(store='tiles/test'))
