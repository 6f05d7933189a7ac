# Sourced by play and test: a virtual environment in .venv, and what Debian has to bring.
# Answers go to stderr; a machine that lacks something is told what to install, exit status 2.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

fail() {
    echo "livegan: $*" >&2
    exit 2
}

# may_install: can we install Debian packages without asking for a password?
may_install() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        return 1
    fi
}

# need PACKAGE...: install them, or say so
need() {
    may_install || fail "please install first: sudo apt-get install $*"
    echo "livegan: installing $*" >&2
    export DEBIAN_FRONTEND=noninteractive
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends "$@"; } \
        >/tmp/livegan-apt.$$.log 2>&1 || fail "apt-get could not install $* (see /tmp/livegan-apt.$$.log)"
    rm -f "/tmp/livegan-apt.$$.log"
}

find_python() {
    for candidate in python3 python3.11 python3.12 python3.13; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

# environment EXTRAS: .venv with livegan and these extras, made or mended only when needed
environment() {
    local python stamp=".venv/installed$1"
    if [ "$stamp" -nt pyproject.toml ]; then
        return
    fi
    python=$(find_python)
    if [ -z "$python" ]; then
        need python3 python3-venv
        python=$(find_python)
    fi
    [ -n "$python" ] || fail "needs Python 3.11, 3.12 or 3.13"
    "$python" -c 'import ensurepip' 2>/dev/null || need python3-venv
    if ! "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then
        # python-rtmidi has no wheel for 3.13 and is built
        for header in alsa/asoundlib.h jack/jack.h; do
            [ -e "/usr/include/$header" ] || need gcc g++ python3-dev libasound2-dev libjack-jackd2-dev pkg-config
        done
    fi
    if [ ! -x .venv/bin/pip ]; then
        "$python" -m venv .venv || fail "could not make a virtual environment with $python"
    fi
    echo "livegan: setting up .venv (once)" >&2
    .venv/bin/pip install -q --disable-pip-version-check -e ".$1" >&2 || fail "pip could not install livegan's packages"
    touch "$stamp"
}
