#!/usr/bin/env bash
# Thermal depth on rendered rooms: from images to the ablation's report. Every step is a
# command of its own, as one would run it on one's own data. What is finished is skipped
# on a second call.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    printf '\n\033[1m== %s\033[0m\n' "$1"
    shift
    printf '   $ %s\n' "$*"
    "$@"
}

# The list of samples is written last: it says that the set is whole.
if [ ! -f data/depth_demo/samples.csv ]; then
    step "Render rooms in thermal and colour, with exact depth" \
        python tools/make_depth_scenes.py --out data/depth_demo \
        --train 40 --test 12 --frames 6 --size 128 96
fi
# Two trainings side by side on one core each are faster than one after the other on two:
# convolutions as small as these gain little from a second thread.
train() {
    printf '%s\n' all no_silog no_smooth no_consistency no_smooth_no_consistency |
        OMP_NUM_THREADS=1 xargs -P 2 -I NAME \
            python tools/train.py configs/depth/demo/NAME.py --resume
}
step "Train the five loss combinations, two at a time" train
step "Predict from thermal images alone" \
    python tools/predict_depth.py work_dirs/depth/demo/all/epoch_20.pth \
    data/depth_demo/thermal/indoor_004[0-3]_000.png \
    --out work_dirs/depth/demo_predictions --intrinsics 100.5 100.5 63.5 47.5
step "Write the report" \
    python tools/depth_report.py work_dirs/depth/demo \
    --out work_dirs/depth/demo_report

cat <<END

Look at
  work_dirs/depth/demo_report/report.html   figures and tables, in a browser
  work_dirs/depth/demo_predictions/         depth, previews and point clouds
END
