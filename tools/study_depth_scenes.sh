#!/usr/bin/env bash
# The five loss combinations on the demo's rendered rooms, three seeds. What is finished
# is skipped on a second call.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OUT=work_dirs/studies/depth_scenes

if [ ! -f data/depth_demo/samples.csv ]; then
    python tools/make_depth_scenes.py --out data/depth_demo \
        --train-scenes 40 --test-scenes 12 --frames 6 --size 128 96
fi
train() { # seed config
    mkdir -p "$OUT/seed$1"
    python tools/train.py "configs/depth/demo/$2.py" --resume \
        --work-dir "$OUT/seed$1/$2" --cfg-options "randomness.seed=$1" \
        > "$OUT/seed$1/$2.log" 2>&1 || { tail -5 "$OUT/seed$1/$2.log"; exit 1; }
    echo "seed $1, $2: done"
}
export -f train
for seed in 0 1 2; do
    for config in all no_silog no_smooth no_consistency no_smooth_no_consistency; do
        echo "$seed $config"
    done
done | xargs -P 2 -L 1 bash -c 'train "$@"' _
python tools/depth_report.py "$OUT" --out "$OUT/report"
