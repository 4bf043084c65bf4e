#!/usr/bin/env bash
# Train a config on several GPUs (or, without GPUs, in several CPU processes).
#   tools/dist_train.sh CONFIG PROCESSES [arguments of tools/train.py]
# NNODES, NODE_RANK, MASTER_ADDR and PORT set up several machines. Each process takes a
# batch of the config's size: see --keep-batch and --auto-scale-lr. With --resume,
# MAX_RESTARTS (0) is how often all processes are started again after one has died.
set -euo pipefail
if [ $# -lt 2 ]; then
    sed -n '2,6p' "$0" >&2
    exit 2
fi
CONFIG=$1
PROCESSES=$2
shift 2
# On SIGTERM an epoch is ended before the training is.
export TORCH_ELASTIC_SHUTDOWN_TIMEOUT="${TORCH_ELASTIC_SHUTDOWN_TIMEOUT:-600}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
rendezvous=(
    --node_rank="${NODE_RANK:-0}"
    --master_addr="${MASTER_ADDR:-127.0.0.1}"
    --master_port="${PORT:-29500}"
)
if [ "${MAX_RESTARTS:-0}" -gt 0 ]; then
    # A store that outlives the processes would tell the new ones the addresses of those
    # that have died.
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    rendezvous=(
        --max_restarts="$MAX_RESTARTS"
        --rdzv_backend=c10d
        --rdzv_endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}"
    )
fi
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    "${rendezvous[@]}" \
    --nproc_per_node="$PROCESSES" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "$@"
