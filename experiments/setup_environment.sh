# To be sourced from the project's root: makes .venv, installs im2txt into it once, and activates it.
# Usage: source experiments/setup_environment.sh REQUIREMENT      `.` for im2txt alone, `.[dev]` for its tests too
stamp=".venv/installed-$(sha256sum setup.py | cut -c1-16)-$(printf %s "$1" | tr -dc 'a-z')"
if [ ! -e "$stamp" ]; then
  echo "Setting up .venv (once; a few minutes) ..."
  "${PYTHON:-python3}" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    { echo "error: im2txt needs Python 3.11, 3.12 or 3.13; name one with PYTHON=python3.11" >&2; exit 1; }
  .venv/bin/python -m pip --version >/dev/null 2>&1 || "${PYTHON:-python3}" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$1"
  touch "$stamp"
fi
source .venv/bin/activate
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-2}"
