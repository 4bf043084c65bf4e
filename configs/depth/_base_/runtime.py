_base_ = '../../_base_/default_runtime.py'
default_hooks = dict(
    # Refuses structural maps that are in another space than the model takes them.
    depth_data=dict(type='DepthDataHook'))
