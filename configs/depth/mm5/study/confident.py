# Consistency where the teacher agrees with what was measured.
_base_ = './all.py'
model = dict(
    decode_head=dict(
        losses=dict(
            consistency=dict(
                _delete_=True, type='ConfidentConsistencyLoss', loss_weight=0.5))))
