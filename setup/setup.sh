#!/bin/sh
# Set up everything that mensetsu needs, in the folder .venv of this checkout.
#
#   setup/setup.sh        what it takes to run
#   setup/setup.sh dev    and what it takes to pass the tests
#
# Python 3.12 or 3.11 is taken from the machine; where there is neither, uv fetches one. On Debian and
# Ubuntu missing system packages are installed with apt (as root, or with sudo).
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
say() { printf '%s\n' "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# --- system packages (Debian, Ubuntu) ---------------------------------------------------------
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
has_file() { [ -e "$1" ]; }

missing_packages() {
    # What OpenCV is linked against; what reaches microphones; a browser and Japanese letters for
    # the tests of the report page; a sound server and a compiler for the tests' virtual devices.
    has_library libGL.so.1 || printf 'libgl1 '
    has_library libgthread-2.0.so.0 || printf 'libglib2.0-0 '
    has_library libportaudio.so.2 || printf 'libportaudio2 '
    if [ "$kind" = dev ]; then
        # What drives the browser is linked against it.
        has_library libatomic.so.1 || printf 'libatomic1 '
        command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 ||
            command -v chromium-browser >/dev/null 2>&1 || printf 'chromium '
        [ -n "$(fc-list :lang=ja 2>/dev/null | head -n 1)" ] || printf 'fontconfig fonts-noto-cjk '
        command -v pulseaudio >/dev/null 2>&1 || printf 'pulseaudio '
        command -v pactl >/dev/null 2>&1 || printf 'pulseaudio-utils '
        has_file /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so || printf 'libasound2-plugins '
        command -v gcc >/dev/null 2>&1 || printf 'gcc '
        has_file /usr/include/stdlib.h || printf 'libc6-dev '
        has_file /usr/include/linux/videodev2.h || printf 'linux-libc-dev '
    fi
}

install_packages() {
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        fail "please install as root, then run this again: apt-get install $*"
    fi
    say "installing with apt: $*"
    $as_root apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $* \
        >/dev/null || fail "apt could not install $*"
}

if command -v apt-get >/dev/null 2>&1 && [ "$(uname -s)" = Linux ]; then
    packages=$(missing_packages)
    # shellcheck disable=SC2086
    [ -z "$packages" ] || install_packages $packages
fi

# --- Python ---------------------------------------------------------------------------------------
suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1
}

find_python() {
    for name in python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && suits "$name"; then
            command -v "$name"
            return
        fi
    done
}

# uv from the machine, or from the package index with whatever Python there is.
find_uv() {
    if command -v uv >/dev/null 2>&1; then
        command -v uv
        return
    fi
    other=$(command -v python3 || true)
    [ -n "$other" ] || return 0
    if ! "$other" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        command -v apt-get >/dev/null 2>&1 || return 0
        install_packages python3-venv >&2
    fi
    rm -rf .venv-uv
    "$other" -m venv .venv-uv >&2 &&
        .venv-uv/bin/python -m pip install --quiet --disable-pip-version-check uv >&2 &&
        echo .venv-uv/bin/uv
}

make_environment() {
    python=$(find_python)
    if [ -n "$python" ]; then
        say "using $("$python" --version 2>&1)"
        if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            # Debian keeps these two apart from the interpreter.
            version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            if command -v apt-get >/dev/null 2>&1; then
                install_packages "python$version-venv"
            else
                fail "$python has no venv module: install it, then run this again"
            fi
        fi
        rm -rf .venv
        "$python" -m venv .venv
    else
        uv=$(find_uv)
        [ -n "$uv" ] || fail "Python 3.12 or 3.11 is needed, and neither is here. Install one of them" \
            "(python.org, or your system's packages), or install uv (docs.astral.sh/uv) and run this" \
            "again: uv then fetches Python 3.12 by itself."
        say "no Python 3.12 or 3.11 here: uv fetches 3.12"
        rm -rf .venv
        "$uv" venv --quiet --seed --python 3.12 .venv
    fi
}

# --- packages -------------------------------------------------------------------------------------
locks=requirements.lock
[ "$kind" = dev ] && locks="requirements.lock requirements-dev.lock"
# shellcheck disable=SC2086
stamp=.venv/.ready-$kind-$(cat $locks pyproject.toml | cksum | tr ' ' '-')
[ -e "$stamp" ] && exit 0

if [ ! -x .venv/bin/python ] || ! suits .venv/bin/python; then
    make_environment
fi
say "installing Python packages (about 1 GB on disk; once)"
arguments=
for lock in $locks; do arguments="$arguments -r $lock"; done
# --no-deps: the lock is complete, and leaves out what mediapipe asks for but does not need.
# shellcheck disable=SC2086
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $arguments ||
    fail "the Python packages could not be installed: see above; is there an internet connection?"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
rm -f .venv/.ready-*
touch "$stamp"
[ "$kind" = dev ] && touch ".venv/.ready-run-$(cat requirements.lock pyproject.toml | cksum | tr ' ' '-')"

if [ "$kind" = dev ] && [ "$(uname -s)" = Darwin ]; then
    # Without a Chrome or Chromium the tests of the page need a browser of their own.
    [ -d "/Applications/Google Chrome.app" ] || [ -d "/Applications/Chromium.app" ] ||
        .venv/bin/python -m playwright install chromium
fi
say "ready: .venv/bin/mensetsu"
