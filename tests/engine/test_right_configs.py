"""What mmengine's, mmcv's and mmseg's documents show must pass the check."""

import pytest

from mmext.engine.build_config import load_config

from .conftest import CONFIGS

TRUNK = CONFIGS / "stage1_trunk.py"
RIGHT = {
    "ema": "custom_hooks = [dict(type='EMAHook', momentum=0.0002, interval=2)]",
    "ema of another kind": (
        "custom_hooks = [dict(type='mmengine.EMAHook', "
        "ema_type='MomentumAnnealingEMA', gamma=2000, update_buffers=True, "
        "priority='NORMAL')]"
    ),
    "ema from an epoch": (
        "custom_hooks = [dict(type='EMAHook', ema_type='StochasticWeightAverage', "
        "begin_epoch=3)]"
    ),
    "early stopping": (
        "custom_hooks = [dict(type='EarlyStoppingHook', monitor='test/target.iou', "
        "rule='greater', min_delta=0.005, patience=3, strict=True)]"
    ),
    "profiler": (
        "custom_hooks = [dict(type='ProfilerHook', by_epoch=False, "
        "profile_times=5, on_trace_ready=dict(type='log_trace', sort_by='cpu'), "
        "schedule=dict(wait=1, warmup=1, active=2), json_trace_path='t.json')]"
    ),
    "empty cache": "custom_hooks = [dict(type='EmptyCacheHook', after_epoch=True)]",
    "mmengine's checkpoints": (
        "default_hooks = dict(checkpoint=dict(_delete_=True, type='CheckpointHook', "
        "interval=1, by_epoch=True, save_best='auto', rule='greater', save_begin=2, "
        "published_keys=['meta', 'state_dict']))"
    ),
    "a logger": (
        "default_hooks = dict(logger=dict(type='LoggerHook', interval=10, "
        "ignore_last=True, out_suffix='.json', log_metric_by_epoch=False))"
    ),
    "a hook that is off": "default_hooks = dict(error_accumulation=None, timer=None)",
    "drawn validation": (
        "default_hooks = dict(visualization=dict(type='SegVisualizationHook', "
        "draw=True, interval=1))\n"
        "visualizer = dict(_delete_=True, type='SegLocalVisualizer', name='v', "
        "alpha=0.5, vis_backends=[dict(type='LocalVisBackend')])"
    ),
    "backends": (
        "vis_backends = [dict(type='LocalVisBackend', img_save_dir='i'), "
        "dict(type='TensorboardVisBackend', save_dir='t'), dict(type='WandbVisBackend',"
        " init_kwargs=dict(project='p'), name='w'), dict(type='MLflowVisBackend', "
        "exp_name='e')]\n"
        "visualizer = dict(type='Visualizer', vis_backends=vis_backends, name='v')"
    ),
    "mixed precision": (
        "optim_wrapper = dict(type='AmpOptimWrapper', loss_scale='dynamic', "
        "dtype='float16', accumulative_counts=4, clip_grad=dict(max_norm=1))"
    ),
    "mixed precision with its scaler": (
        "optim_wrapper = dict(type='AmpOptimWrapper', "
        "loss_scale=dict(init_scale=512.0, mode='dynamic'))"
    ),
    "gradients cut by value": (
        "optim_wrapper = dict(clip_grad=dict(type='value', clip_value=0.2))"
    ),
    "gradients cut by norm": (
        "optim_wrapper = dict(clip_grad=dict(type='norm', max_norm=35, norm_type=2))"
    ),
    "parameters apart": (
        "optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': "
        "dict(lr_mult=0.1, decay_mult=0.9)}, bypass_duplicate=True), "
        "constructor='DefaultOptimWrapperConstructor')"
    ),
    "another optimizer": (
        "optim_wrapper = dict(_delete_=True, optimizer=dict(type='SGD', lr=0.01, "
        "momentum=0.9, weight_decay=0.0005, nesterov=True))"
    ),
    "schedulers": (
        "param_scheduler = [dict(type='LinearLR', start_factor=0.001, by_epoch=True, "
        "begin=0, end=5, convert_to_iter_based=True), dict(type='CosineAnnealingLR', "
        "T_max=95, eta_min=1e-6, by_epoch=True, begin=5, end=100)]"
    ),
    "steps": (
        "param_scheduler = [dict(type='MultiStepLR', milestones=[30, 60], gamma=0.1), "
        "dict(type='StepLR', step_size=20, gamma=0.5), dict(type='ExponentialLR', "
        "gamma=0.99), dict(type='mmengine.PolyLR', power=0.9, eta_min=1e-4, begin=0, "
        "end=160000, by_epoch=False)]"
    ),
    "restarts and momentum": (
        "param_scheduler = [dict(type='CosineRestartLR', periods=[10, 20], "
        "restart_weights=[1, 0.5], eta_min=1e-6), dict(type='ConstantMomentum', "
        "factor=0.5, end=10), dict(type='OneCycleLR', eta_max=0.01, total_steps=100)]"
    ),
    "one scheduler": "param_scheduler = dict(type='ConstantLR', factor=0.5, end=10)",
    "loops by their default": (
        "train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=12, val_interval=2, "
        "val_begin=3, dynamic_intervals=[(10, 1)])\nval_cfg = dict(_delete_=True)\n"
        "test_cfg = dict(_delete_=True)"
    ),
    "half precision in validation": "val_cfg = dict(fp16=True)",
    "a log": (
        "log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True, "
        "num_digits=6, custom_cfg=[dict(data_src='loss', method_name='mean', "
        "window_size='global', log_name='loss_large_window')])"
    ),
    "several metrics": (
        "val_evaluator = dict(_delete_=True, type='Evaluator', "
        "metrics=[dict(type='BinarySegMetric'), dict(type='mmseg.IoUMetric', "
        "iou_metrics=['mIoU'])])"
    ),
    "metrics in a list": (
        "val_evaluator = [dict(type='BinarySegMetric', prefix='val'), "
        "dict(type='DumpResults', out_file_path='r.pkl')]"
    ),
    "data sets together": (
        "train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', "
        "datasets=[dict(type='RepeatDataset', times=2, dataset=dict("
        "type='TileDataset', store='a', indices=[0, 1]))], ignore_keys=['store']))"
    ),
    "loader settings": (
        "train_dataloader = dict(num_workers=2, prefetch_factor=2, pin_memory=True, "
        "drop_last=True, timeout=60, collate_fn=dict(type='default_collate'), "
        "num_batch_per_epoch=5, sampler=dict(_delete_=True, type='InfiniteSampler', "
        "shuffle=True, seed=3))"
    ),
    "transforms": (
        "train_dataloader = dict(dataset=dict(pipeline=[dict(type='LoadTile'), "
        "dict(type='RandomFlip', prob=[0.3, 0.3], direction=['horizontal', "
        "'vertical']), dict(type='RandomChoice', transforms=[[dict(type='RandomRot90')]"
        ", [dict(type='TilePhotometric', contrast=0)]], prob=[0.5, 0.5]), "
        "dict(type='RandomResize', scale=(64, 64), ratio_range=(0.5, 2.0), "
        "keep_ratio=True), dict(type='RandomCrop', crop_size=(32, 32), "
        "cat_max_ratio=0.75), dict(type='Albu', transforms=[dict("
        "type='HorizontalFlip', p=0.5)]), dict(type='PackTileInputs')]))"
    ),
    "views to average": (
        "tta_model = dict(type='BinaryTTAModel')\ntta_pipeline = [dict("
        "type='LoadTile'), dict(type='TestTimeAug', transforms=[[dict("
        "type='RandomFlip', prob=0.), dict(type='RandomFlip', prob=1.)], "
        "[dict(type='PackTileInputs')]])]"
    ),
    "mmseg's models": (
        "norm_cfg = dict(type='SyncBN', requires_grad=True)\n"
        "model = dict(backbone=dict(_delete_=True, type='ResNetV1c', depth=50, "
        "in_channels=3, norm_cfg=norm_cfg, init_cfg=dict(type='Pretrained', "
        "checkpoint='r.pth')), neck=dict(type='FPN', in_channels=[256, 512, 1024, 2048]"
        ", out_channels=64, num_outs=4), auxiliary_head=dict(type='FCNHead', "
        "in_channels=64, channels=16, num_classes=1, sampler=dict("
        "type='OHEMPixelSampler', thresh=0.7), loss_decode=dict(type='DiceLoss', "
        "loss_weight=0.4)), decode_head=dict(head=dict(_delete_=True, type='FPNHead', "
        "in_channels=[64, 64, 64, 64], in_index=[0, 1, 2, 3], channels=16, "
        "feature_strides=[4, 8, 16, 32])), test_cfg=dict(mode='slide', "
        "crop_size=(64, 64), stride=(32, 32)))"
    ),
    "the machine": (
        "env_cfg = dict(cudnn_benchmark=True, resource_limit=4096)\n"
        "randomness = dict(seed=3, deterministic=True, diff_rank_seed=False)\n"
        "auto_scale_lr = dict(enable=True, base_batch_size=16)\ncompile = True\n"
        "my_own_name = dict(type='whatever')"
    ),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=list(RIGHT))
def test_what_the_documents_show_is_right(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(f"_base_ = {str(TRUNK)!r}\n{text}\n")
    load_config(path)


@pytest.mark.parametrize("text", RIGHT.values(), ids=list(RIGHT))
def test_and_at_another_length(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(f"_base_ = {str(TRUNK)!r}\n{text}\nepoch_scale = 0.5\n")
    assert load_config(path).train_cfg.max_epochs in (6, 100)
