# Case 2: branch A's errors of epochs 100-250.
_base_ = ['../_base_/stage2.py', '../_base_/cases/stage2_A100-250.py']
