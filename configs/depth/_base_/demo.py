# The demo: rendered rooms, a narrow network, minutes on two cores. The data:
#   python tools/make_depth_scenes.py --out data/depth_demo
_base_ = [
    './runtime.py', './datasets/folder.py', './models/unet3.py', './schedule.py'
]
epoch_scale = 0.5  # 20 epochs
model = dict(
    backbone=dict(base_channels=8), decode_head=dict(min_depth=0.5, max_depth=12.0))
train_cfg = dict(val_interval=2)
train_dataloader = dict(dataset=dict(root='data/depth_demo'))
val_dataloader = dict(dataset=dict(root='data/depth_demo'))
test_dataloader = dict(dataset=dict(root='data/depth_demo'))
val_evaluator = dict(max_depth=12.0)
test_evaluator = dict(max_depth=12.0)
