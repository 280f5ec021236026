#!/usr/bin/env bash
# setup.sh run|dev [mqtt-sensor|roots]: bring this folder's .venv to the locked versions, for running or for developing;
# the simulated sensors of mqtt-sensor need a broker, the tests in Debians of their own what makes these.
# Missing Debian packages are installed where the caller is root, and named where not (status 2).
set -euo pipefail
cd "$(dirname "$0")/.."
for_what=$1
python=${PYTHON:-python3}

missing=()
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
fonts=/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
need python3-venv "$python" -c 'import ensurepip, venv'
if [ "${2:-}" = mqtt-sensor ]; then
    need mosquitto test -x /usr/sbin/mosquitto
fi
if [ "${2:-}" = roots ]; then
    need mmdebstrap command -v mmdebstrap
fi
if [ "$for_what" = dev ]; then
    need chromium command -v chromium
    need curl command -v curl # health checks of config/server
    need libatomic1 compgen -G '/usr/lib/*/libatomic.so.1' # for playwright's own node
    need fonts-noto-cjk test -e $fonts
    need mosquitto test -x /usr/sbin/mosquitto
    need nodejs node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
    need npm command -v npm
    need openssl command -v openssl
    need systemd command -v systemd-analyze
    need tzdata test -e /usr/share/zoneinfo/Asia/Shanghai
    need wget command -v wget
fi
if [ "$for_what" = run ] && [ ! -e $fonts ]; then # for a record as PDF, and for nothing else
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        missing+=(fonts-noto-cjk)
    else
        echo "no record can be made a PDF before, as root: apt-get install fonts-noto-cjk" >&2
    fi
fi
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "install first, as root: apt-get install ${missing[*]}" >&2
        exit 2
    fi
    echo "installing ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or later is needed; $python is $("$python" -V)" >&2
    exit 2
fi

# TimescaleDB's Community edition. Where it cannot be had its tests are skipped, and fail where CI=true.
community=tests/community
if [ "$for_what" = dev ] && ! cmp -s $community/package-lock.json $community/node_modules/installed.json; then
    echo "installing $community/package-lock.json" >&2
    if npm --prefix $community ci --loglevel=error --fetch-retries=0 --no-audit --no-fund --ignore-scripts >/dev/null; then
        cp $community/package-lock.json $community/node_modules/installed.json
    else
        echo "not installed: the tests of the Community edition cannot run" >&2
    fi
fi

# A change of any of these calls for a new look at .venv; developing includes running.
state=$({ cat requirements.lock requirements-dev.lock pyproject.toml; "$python" -VV; pwd; } | sha256sum)
installed() { [ "$(cat ".venv/$1.state" 2>/dev/null)" = "$state" ]; }
if installed dev || installed "$for_what"; then
    exit 0
fi

lock=requirements.lock
[ "$for_what" = run ] || lock=requirements-dev.lock
echo "installing $lock into .venv" >&2
if ! .venv/bin/pip --version 2>/dev/null | grep -qF "$PWD/.venv/"; then
    "$python" -m venv --clear .venv
fi
pip=(.venv/bin/pip --quiet --disable-pip-version-check --no-cache-dir install)
"${pip[@]}" --require-hashes -r "$lock"
"${pip[@]}" --no-deps --no-build-isolation -e .
echo "$state" >".venv/$for_what.state"
