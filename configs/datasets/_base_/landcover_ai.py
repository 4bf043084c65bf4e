# LandCover.ai's buildings: stores of 'mmext prepare-dataset landcover_ai'.
_train = dict(dataset=dict(store='data/landcover_ai/train'))
_val = dict(dataset=dict(store='data/landcover_ai/val'))
_test = dict(dataset=dict(store='data/landcover_ai/test'))
