#!/usr/bin/env bash
# install.sh same|any [EXTRAS]: put cdml on PATH for this step's job, in an environment of its own.
# `any` takes whatever cdml is on PATH already; `same` only one of this very version. What is installed is the
# checkout that this file is in, so that the tag that a workflow pins is the version that it gets.
set -euo pipefail
wanted="$1" extras="${2:-serve}"
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$top/pyproject.toml" | head -n 1)"
if command -v cdml > /dev/null; then
  if [ "$wanted" = any ] || [ "$(cdml --version)" = "cdml $version" ]; then exit 0; fi
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error::cdml needs Python 3.11 or newer as python3; run actions/setup-python before this action"
  exit 1
fi
python3 -m venv "$RUNNER_TEMP/cdml"
"$RUNNER_TEMP/cdml/bin/python" -m pip install --quiet --disable-pip-version-check "${top}[$extras]"
# Only the command itself: the project's python stays what it is.
mkdir -p "$RUNNER_TEMP/cdml-bin"
ln -sf "$RUNNER_TEMP/cdml/bin/cdml" "$RUNNER_TEMP/cdml-bin/cdml"
echo "$RUNNER_TEMP/cdml-bin" >> "$GITHUB_PATH"
