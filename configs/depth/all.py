# Table 1, "All losses".
_base_ = './_base_/depth.py'
