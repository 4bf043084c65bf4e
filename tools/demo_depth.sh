#!/usr/bin/env bash
# The whole of thermal depth on rendered rooms, in this repository: `mmext depth demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python -m mmext depth demo
