# The paper's second stage on errors accumulated from epoch 200 on instead of 100.
_base_ = './_base_/stage2.py'
lineage = dict(parent='stage1_begin200', epoch=300, use='bank')
