#!/usr/bin/env bash
# Sets up a virtual environment if need be, then runs the linters and the default tests.
# Usage: bash tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup_environment.sh '.[dev]'

ruff check .
ruff format --check .
python -m pytest "$@"
