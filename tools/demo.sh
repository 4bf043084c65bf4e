#!/usr/bin/env bash
# The whole of the main job on synthetic scenes, in this repository: `mmext demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python -m mmext demo
