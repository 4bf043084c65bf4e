# OpenEarthMap's buildings: stores of 'mmext prepare-dataset openearthmap'.
_train = dict(dataset=dict(store='data/openearthmap/train'))
_val = dict(dataset=dict(store='data/openearthmap/val'))
# The test images' labels are not published.
_test = _val
_val_score = dict(prefix='val')
_test_score = dict(prefix='test')
