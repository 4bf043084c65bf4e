# Massachusetts' buildings, with a slack of three pixels: stores of 'mmext prepare-dataset massachusetts_buildings'.
_train = dict(dataset=dict(store='data/massachusetts_buildings/train'))
_val = dict(dataset=dict(store='data/massachusetts_buildings/val'))
_test = dict(dataset=dict(store='data/massachusetts_buildings/test'))
_score = dict(slack=3)
