# Does the second stage help on rendered farmland, too? Study 11 of docs/protocol.md: the arms
# of study 3; two and a half hours of one core, after
#
#     scenes="mmext scenes --size 512 512 --pixel-size 0.5 --out data/farmland/scenes"
#     $scenes --name train --scenes 3
#     $scenes --name val --scenes 4 --seed 20
#     $scenes --name test --scenes 12 --seed 40 --region jeolla
#     for split in train val test; do
#         images=$(ls data/farmland/scenes/${split}_*[0-9].tif)
#         mmext prepare $images --labels ${images//.tif/_fields.gpkg} --tile-size 64 \
#             --out data/farmland/$split
#     done
_base_ = './proof_zanzibar.py'
stores = dict(
    train='data/farmland/train', val='data/farmland/val', test='data/farmland/test')
options = {'*': {'epoch_scale': 0.5}}
