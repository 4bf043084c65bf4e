# The trunk resumed at 200 again, independently of A, to 250 (case 3) and 300 (case 4).
_base_ = ['./_base_/stage1.py', '../_base_/cases/stage1_B.py']
