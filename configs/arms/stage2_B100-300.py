# Case 4: branch B's errors of epochs 100-300.
_base_ = ['../_base_/stage2.py', '../_base_/cases/stage2_B100-300.py']
