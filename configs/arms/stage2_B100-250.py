# Case 3: branch B's errors of epochs 100-250.
_base_ = ['../_base_/stage2.py', '../_base_/cases/stage2_B100-250.py']
