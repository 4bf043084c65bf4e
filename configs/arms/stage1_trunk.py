# Epochs 0-200, accumulating from 100: the bank of case 1, the trunk of A and B.
_base_ = ['./_base_/stage1.py', '../_base_/cases/stage1_trunk.py']
