#!/usr/bin/env bash
# The references of `make bench` that PyPI has, into .venv-bench: the group "bench" of pyproject.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
state=$({ sed -n '/^bench = /p' pyproject.toml; "${PYTHON:-python3}" -VV; pwd; } | sha256sum)
if [ "$(cat .venv-bench/state 2>/dev/null)" = "$state" ]; then
    exit 0
fi
echo "installing the references of the bench into .venv-bench" >&2
"${PYTHON:-python3}" -m venv --clear .venv-bench
pip=(.venv-bench/bin/pip --quiet --disable-pip-version-check --no-cache-dir install)
"${pip[@]}" 'pip>=25.1' # knows groups
"${pip[@]}" --group bench
echo "$state" >.venv-bench/state
