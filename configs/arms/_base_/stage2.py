# A second stage on the errors of branch B at 300: the case that the arms vary.
_base_ = ['../../_base_/stage2.py', '../../_base_/cases/stage2_B100-300.py']
