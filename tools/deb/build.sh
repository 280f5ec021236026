#!/usr/bin/env bash
# build.sh: dist/vitalsd_VERSION+debN_ARCHITECTURE.deb, for the Debian release that it runs on and that release's own
# Python. The packages of requirements.lock are fetched, their hashes checked.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022
python=/usr/bin/python3
if ! $python -c 'import ensurepip, venv' || ! command -v dpkg-deb >/dev/null; then
    echo "needed: a Debian with python3-venv" >&2
    exit 2
fi
minor=$($python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
version=$(sed -nE 's/^__version__ = "(.*)"$/\1/p' collector/__init__.py)+deb$(. /etc/os-release && echo "$VERSION_ID")
architecture=$(dpkg --print-architecture)
deb=dist/vitalsd_${version}_$architecture.deb

mkdir -p dist
work=$(mktemp -d dist/build.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root
package=$root/opt/vitalsd/package
site=$package/lib/$minor/site-packages

echo "fetching requirements.lock" >&2
$python -m venv "$work/venv"
pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" download --only-binary :all: --require-hashes -r requirements.lock -d "$work/wheels"
local=(--no-index --find-links "$work/wheels")
"${pip[@]}" wheel "${local[@]}" --no-deps -w "$work/wheels" .
"${pip[@]}" install "${local[@]}" --no-compile --target "$site" "vitalsd[pdf,sdc]"

# Nothing that only tests, type checkers, compilers and other commands use.
rm -r "$site/bin"
find "$site" -depth \( -name tests -o -name '*.pyi' -o -name '*.a' -o -name '*.h' \) -exec rm -r {} +
install -D tools/deb/vitalsd "$package/bin/vitalsd"
ln -s "/usr/bin/$minor" "$package/bin/python"
printf 'home = /usr/bin\ninclude-system-site-packages = false\n' >"$package/pyvenv.cfg"

if [ -d dist/manuals ]; then # as `make manuals` has made them; the charting service serves them
    install -d "$package/share/vitalsd"
    cp -r dist/manuals "$package/share/vitalsd/manuals"
fi

mkdir -p "$root/usr/bin"
ln -s /opt/vitalsd/current/bin/vitalsd "$root/usr/bin/vitalsd"
for unit in systemd/*.service systemd/*.timer; do
    install -Dm 644 -t "$root/usr/lib/systemd/system" "$unit"
done
install -Dm 644 systemd/sysusers.conf "$root/usr/lib/sysusers.d/vitalsd.conf"
install -Dm 644 systemd/tmpfiles.conf "$root/usr/lib/tmpfiles.d/vitalsd.conf"
install -Dm 644 config/udev/70-vitalsd.rules "$root/usr/lib/udev/rules.d/70-vitalsd.rules"

doc=$root/usr/share/doc/vitalsd
install -d "$doc/examples"
cp -rL config/. "$doc/examples"
rm -r "$doc/examples/udev"
rm -rf "$doc/examples/server/secrets" "$doc/examples/server/.env" # what somebody has prepared here is his alone
cat LICENSE NOTICE >"$doc/copyright"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"

completion=$root/usr/share/bash-completion/completions/vitalsd
install -d "$(dirname "$completion")"
PYTHONDONTWRITEBYTECODE=1 _VITALSD_COMPLETE=source_bash "$package/bin/vitalsd" >"$completion"

install -d "$root/DEBIAN"
for script in preinst postinst prerm postrm; do
    install tools/deb/$script "$root/DEBIAN/$script"
done
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@PYTHON@/$minor/" \
    -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" tools/deb/control >"$root/DEBIAN/control"
(cd "$root" && find opt usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod -R go=u-w "$root"
dpkg-deb --root-owner-group -Zzstd -z10 --build "$root" "$deb" >&2
echo "$deb"
