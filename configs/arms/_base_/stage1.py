# Stage 1 of the arms: the paper's, with counts, which some second stages read.
_base_ = '../../_base_/stage1.py'
default_hooks = dict(error_accumulation=dict(counts=True))
