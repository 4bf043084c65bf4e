#!/usr/bin/env bash
# Depth on MM5 at a size that two CPU cores finish (configs/depth/mm5/study): the five loss
# combinations with three seeds, two teachers, the published split and rig against rig, 14
# epochs and in one case 40, in an hour; or study 4 of docs/protocol.md, seven arms and five
# seeds, in another. What is finished is skipped on a second call.
#
#     tools/study_mm5.sh [MM5_FOLDER] [TEACHER.onnx] [losses|structure]
set -euo pipefail
cd "$(dirname "$0")/.."
MM5=${1:-data/mm5}
TEACHER=${2:-fastdepth.onnx}
case ${3:-losses} in
losses)
    OUT=work_dirs/studies/mm5
    SEEDS="0 1 2"
    CONFIGS="all no_silog no_smooth no_consistency no_smooth_no_consistency"
    STUDIES="fastdepth_published fastdepth_BtoA fastdepth_AtoB true_published true_BtoA
        fastdepth_published_long"
    ;;
structure)
    OUT=work_dirs/studies/mm5_structure
    SEEDS="0 1 2 3 4"
    CONFIGS="all no_consistency confident resize shifted together mit"
    STUDIES="fastdepth_published fastdepth_BtoA fastdepth_AtoB"
    # Deviation over epochs: every epoch is scored.
    EVERY="train_cfg.val_interval=1"
    ;;
*)
    echo "$3: expected losses or structure" >&2
    exit 2
    ;;
esac

for split in train eval; do
    python tools/make_structural_depth.py --dataset MM5Dataset \
        --dataset-options "root=$MM5" "split=$split" --model "$TEACHER" --out data/mm5_structural
    python tools/make_structural_depth.py --dataset MM5Dataset \
        --dataset-options "root=$MM5" "split=$split" --model true-depth --out data/mm5_true
done

train() { # study seed config
    local train=train test=eval maps=data/mm5_structural long=()
    case $1 in *_BtoA*) train=rig_B test=rig_A ;; *_AtoB*) train=rig_A test=rig_B ;; esac
    case $1 in true_*) maps=data/mm5_true ;; esac
    case $1 in *_long) long=(epoch_scale=1) ;; esac
    python tools/train.py "configs/depth/mm5/study/$3.py" --resume \
        --work-dir "$OUT/$1/seed$2/$3" \
        --cfg-options "randomness.seed=$2" "${long[@]}" $EVERY \
        "train_dataloader.dataset.root=$MM5" "val_dataloader.dataset.root=$MM5" \
        "test_dataloader.dataset.root=$MM5" \
        "train_dataloader.dataset.split=$train" "val_dataloader.dataset.split=$test" \
        "test_dataloader.dataset.split=$test" \
        "train_dataloader.dataset.structural=$maps" \
        > "$OUT/$1/seed$2/$3.log" 2>&1 || { tail -5 "$OUT/$1/seed$2/$3.log"; exit 1; }
    echo "$1, seed $2, $3: done"
}
export -f train
export MM5 OUT EVERY=${EVERY:-} OMP_NUM_THREADS=1

for study in $STUDIES; do
    for seed in $SEEDS; do
        mkdir -p "$OUT/$study/seed$seed"
        for config in $CONFIGS; do
            echo "$study $seed $config"
        done
    done
done | xargs -P 2 -L 1 bash -c 'train "$@"' _

python tools/depth_report.py "$OUT" --out "$OUT/report" --title "Losses for thermal depth on MM5"
