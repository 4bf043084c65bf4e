# Case 1: the trunk's errors of epochs 100-200.
_base_ = ['../_base_/stage2.py', '../_base_/cases/stage2_A100-200.py']
