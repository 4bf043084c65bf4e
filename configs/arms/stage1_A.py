# The trunk resumed at 200, weights and bank, and trained to 250: case 2's bank.
_base_ = ['./_base_/stage1.py', '../_base_/cases/stage1_A.py']
