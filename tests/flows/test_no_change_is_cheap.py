"""A pull request's run in which nothing changed: one process that neither starts DVC nor loads pandas."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from toy_project import run

WATCH = """\
import json, sys
started = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and started.append(list(map(str, args[1]))))
sys.argv = ["cdml", "run", "--event", "pull_request", "--pull", "1"]
from cdml.cli.main import main
try:
    main()
finally:
    heavy = [name for name in ("pandas", "numpy", "scipy", "sklearn", "networkx") if name in sys.modules]
    # Nor another forge than the one that is spoken to.
    forges = [f"cdml.forges.{name}" for name in ("azure", "gitea", "github", "gitlab")]
    heavy += [name for name in forges if name in sys.modules]
    with open(sys.argv[0] + ".json", "w") as file:
        json.dump({"started": [words for words in started if words[0] != "git"], "heavy": heavy}, file)
"""


def test_a_pull_request_in_which_nothing_changed_starts_no_dvc_and_loads_no_pandas(registered):
    config = (registered.root / "mlops.yaml").read_text()
    tested = config.replace("train:", "ci: {test: python -c 'pass'}\ntrain:", 1)
    registered.branch("words", "Say more", README__md="More.\n", mlops__yaml=tested)
    said = registered.cdml("pr", "open")
    registered.cdml("run", "--event", "pull_request", "--pull", "1")
    again, watched = watch(registered.root)
    assert again.split("\n", 1)[1] in said
    assert watched["heavy"] == []
    # What the project's interpreter holds is asked of it, and nothing else.
    assert [Path(words[-1]).name for words in watched["started"]] == ["worker.py"]
    shown = registered.cdml("pr", "show", "1")
    assert "success: cdml: toy: no change" in shown
    # Another gate is another question.
    registered.commit("Loosen", mlops__yaml=tested.replace("max-regression: 0.02", "max-regression: 0.03"))
    registered.git("push", "--quiet", "origin", "HEAD")
    assert "0.03" in registered.cdml("pr", "open")


def watch(root: Path) -> tuple[str, dict[str, list[list[str]]]]:
    """What a run says, which programs but git it starts, and which heavy libraries it holds at its end."""
    said = run([sys.executable, "-c", WATCH], root)
    note = root / "cdml.json"
    watched = json.loads(note.read_text())
    note.unlink()
    return said, watched
