# Massachusetts' roads, with a slack of three pixels: stores of 'mmext prepare-dataset massachusetts_roads'.
_train = dict(dataset=dict(store='data/massachusetts_roads/train'))
_val = dict(dataset=dict(store='data/massachusetts_roads/val'))
_test = dict(dataset=dict(store='data/massachusetts_roads/test'))
_score = dict(slack=3)
