#!/bin/sh
# Makes .venv where there is none and installs one set of requirements, `runtime` or `dev`, into it, with the toolkit itself.
# A stamp holds what was installed from; while that is unchanged nothing is called that could want the network.
set -eu
cd "$(dirname "$0")/.."
wanted=$1
venv=${VENV:-.venv}
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }
supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
have_uv() { command -v uv >/dev/null 2>&1; }
inputs() { pwd; cat "requirements/$wanted.txt" pyproject.toml forensics/__init__.py; }

make_venv() {
  command -v "$python" >/dev/null 2>&1 ||
    stop "There is no $python here: install Python 3.11 or newer, or name one that is installed, as in \`make demo PYTHON=python3.13\`."
  supported "$python" ||
    stop "This needs Python 3.11 or newer and $python is $("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])'): name a newer one, as in \`make demo PYTHON=python3.13\`."
  # Only a folder that says it is a virtual environment is ever removed.
  if [ -e "$venv/pyvenv.cfg" ]; then rm -rf "$venv"; fi
  # uv brings its own installer, so the environment needs no pip, which Debian ships in a package of its own.
  if have_uv; then "$python" -m venv --without-pip "$venv"; return; fi
  "$python" -c 'import ensurepip' 2>/dev/null ||
    stop "$python comes without ensurepip: install its venv package (on Debian: apt install python3-venv) or uv, and try again."
  "$python" -m venv "$venv"
}

# The locked files are complete, so no resolver runs and every file must match its hash. The toolkit is installed
# by the locked build backend that the first step brought: no isolated build, so no second download.
install_with_uv() {
  uv pip install --quiet --python "$venv/bin/python" --require-hashes --no-deps -r "requirements/$wanted.txt"
  uv pip install --quiet --python "$venv/bin/python" --offline --no-build-isolation --no-deps -e .
}

install_with_pip() {
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
  pip="$venv/bin/python -m pip --quiet --disable-pip-version-check --no-input install"
  $pip --require-hashes --no-deps -r "requirements/$wanted.txt"
  # A hash cannot be asked of a folder, whatever the person's settings ask of downloads.
  env -u PIP_REQUIRE_HASHES $pip --no-index --no-build-isolation --no-deps -e .
}

supported "$venv/bin/python" || make_venv
stamp="$venv/.installed-$wanted"
if inputs | cmp -s - "$stamp"; then exit 0; fi
rm -f "$stamp"
if have_uv; then
  say "Installing the $wanted requirements into $venv with uv (only when they changed)."
  install_with_uv
else
  say "Installing the $wanted requirements into $venv with pip (only when they changed; a minute or two)."
  install_with_pip
fi
inputs >"$stamp"
