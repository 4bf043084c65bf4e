# Table 1, "All losses".
_base_ = '../_base_/mm5.py'
