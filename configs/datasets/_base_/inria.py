# INRIA's buildings, scored by city: stores of 'mmext prepare-dataset inria'.
_train = dict(dataset=dict(store='data/inria/train'))
_val = dict(dataset=dict(store='data/inria/val'))
# The test images' labels are not published.
_test = _val
_val_score = dict(prefix='val', groups='([a-z-]+)[0-9]+')
_test_score = dict(prefix='test', groups='([a-z-]+)[0-9]+')
