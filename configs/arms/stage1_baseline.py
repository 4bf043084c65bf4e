# Stage 1 alone to 400 epochs: what the second stage is compared with.
_base_ = ['./_base_/stage1.py', '../_base_/cases/stage1_baseline.py']
