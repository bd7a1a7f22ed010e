#!/bin/sh
# Installs the Debian packages of tests/system-packages.txt that are missing, and starts none of their services.
#
# Nothing missing: no output, exit 0. Missing, and we are root or sudo is there: installs them, and shows what apt said
# only if that failed. Otherwise, or not on Debian: says which are missing and what to type, exit 1. Never removes a
# package (a mail server that is in use stays).
set -eu

cd "$(dirname "$0")/../.."
wanted=$(sed -e 's/#.*//' tests/system-packages.txt)

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "The integration tests need a Debian with:" $wanted >&2
    echo "hint: elsewhere run what needs no servers: .venv/bin/pytest tests/unit tests/contract" >&2
    exit 1
fi

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Missing Debian packages:$missing" >&2
        echo "hint: as root: apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
fi

echo "Installing Debian packages that the tests need:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive sh -eu -s -- $missing <<'ROOT'
# Maintainer scripts ask this file whether they may start a service: 101 is no. One that is there already is kept.
policy=/usr/sbin/policy-rc.d
said=$(mktemp)
made=""
trap 'rm -f $made "$said"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ ! -e "$policy" ]; then
    made=$policy
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
for package in "$@"; do
    [ "$package" != postfix ] ||
        echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
done
apt="apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300"
{
    $apt update && $apt install -y --no-install-recommends --no-remove "$@"
} </dev/null >"$said" 2>&1 || {
    cat "$said" >&2
    echo "apt-get could not install the Debian packages that the tests need" >&2
    exit 1
}
ROOT
