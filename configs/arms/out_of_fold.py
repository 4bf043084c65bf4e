# Errors on tiles that the network did not train on, from two halves.
_base_ = './_base_/stage2.py'
lineage = dict(parent=['stage1_fold0', 'stage1_fold1'], epoch=300, use='bank')
