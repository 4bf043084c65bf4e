# LoveDA's buildings: stores of 'mmext prepare-dataset loveda'.
_train = dict(dataset=dict(store='data/loveda/train'))
_val = dict(dataset=dict(store='data/loveda/val'))
# The test images' labels are not published.
_test = _val
_val_score = dict(prefix='val')
_test_score = dict(prefix='test')
