"""The rules of actions/download-artifact: one by name lies flat and must exist, several get a folder each."""

import fnmatch
import os
import shutil
import sys
from pathlib import Path

name, pattern = os.environ["NAME"], os.environ["PATTERN"]
store = Path(os.environ["STUB_ARTIFACTS"])
target = Path(os.environ["GITHUB_WORKSPACE"]) / os.environ["FOLDER"]
target.mkdir(parents=True, exist_ok=True)
if name and not (store / name).is_dir():
    print(f"::error::Unable to download artifact(s): Artifact not found for name: {name}")
    sys.exit(1)
matching = sorted(one.name for one in store.iterdir() if fnmatch.fnmatch(one.name, pattern or "*"))
names = [name] if name else matching
for one in names:
    flat = name or os.environ["MERGE"] == "true"
    shutil.copytree(store / one, target if flat else target / one, dirs_exist_ok=True)
with Path(os.environ["GITHUB_OUTPUT"]).open("a") as out:
    out.write(f"download-path={target}\n")
