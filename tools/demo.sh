#!/usr/bin/env bash
# The whole of the main job on synthetic scenes: from GeoTIFF and polygons to a map.
# Every step is a command of its own, as one would run it on one's own data. What is
# finished is skipped on a second call.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    printf '\n\033[1m== %s\033[0m\n' "$1"
    shift
    printf '   $ %s\n' "$*"
    "$@"
}

CASE=stage2_A100-200

# A scene's picture is written last: it says that the scene is whole.
if [ ! -f data/demo/scenes/train.png ]; then
    step "Render a region of farmland to train on" \
        python tools/make_scenes.py --out data/demo/scenes --name train \
        --size 2048 1536 --seed 0 --region gyeonggi
fi
if [ ! -f data/demo/scenes/test.png ]; then
    step "Render another to test on, with other light, colours and habits" \
        python tools/make_scenes.py --out data/demo/scenes --name test \
        --size 1536 1024 --seed 1 --region jeolla
fi
for split in train test; do
    if [ ! -d "data/demo/$split" ]; then
        step "Cut the $split scene into tiles" \
            python tools/prepare_tiles.py --images "data/demo/scenes/$split.tif" \
            --labels "data/demo/scenes/${split}_fields.gpkg" \
            --tile-size 128 --out "data/demo/$split"
    fi
done
step "Train stage 1, accumulate its errors, train stage 2" \
    python tools/train.py "configs/demo/$CASE.py" --with-parents --resume
step "Go on with stage 1 alone for as long, to compare" \
    python tools/train.py configs/demo/stage1_baseline.py --with-parents --resume
step "Map the unseen test scene" \
    python tools/predict_scene.py work_dirs/demo/$CASE/epoch_32.pth \
    data/demo/scenes/test.tif --out work_dirs/demo/map
step "Write the report" \
    python tools/report.py work_dirs/demo --out work_dirs/demo/report

cat <<END

Look at
  work_dirs/demo/report/report.html   figures and tables, in a browser
  work_dirs/demo/map/                 the map: COGs and a GeoPackage, in QGIS
  data/demo/train/preview.png         the training tiles
END
