# What every training shares.
default_scope = 'mmext'
env_cfg = dict(
    # Choosing convolutions by timing makes runs differ; a resumed run must not.
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))  # gloo where there is no GPU
randomness = dict(seed=0)
log_level = 'INFO'
# One readable line a validation; all scores are in history.jsonl.
log_processor = dict(type='ReadableLogProcessor', by_epoch=True)
load_from = None
# Take what fits of load_from, and log the rest, where not all of it does.
load_from_partially = False
resume = False

# Multiplies every epoch number below, which are the paper's.
epoch_scale = 1.0

# Hooks are named, so that a config that inherits this one can change one of them.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    checkpoint=dict(type='AtomicCheckpointHook', interval=10, max_keep_ckpts=2),
    epoch_seed=dict(type='EpochSeedHook'),
    # With accumulative_counts, no gradient waits for the next epoch.
    epoch_gradients=dict(type='EpochGradientsHook'),
    # Stops at the first loss or weight that is no finite number.
    divergence=dict(type='DivergenceHook'),
    # Without synchronised batch norm each process has statistics of its own.
    sync_buffers=dict(type='SyncBuffersHook'),
    # Warns, in the log, run.json and the report, where the method's premise fails.
    premise=dict(type='PremiseHook'),
    history=dict(type='HistoryHook'),
    record=dict(type='RunRecordHook'))
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='Visualizer', vis_backends=vis_backends)
