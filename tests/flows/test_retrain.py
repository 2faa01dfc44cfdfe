"""Retraining: newer data becomes a pull request, and the same inputs become nothing."""

from __future__ import annotations

import json

from toy_project import Toy, dvc


def imported(toy: Toy) -> None:
    """The project's data, imported from a file outside of it."""
    source = toy.root.parent / "source.csv"
    source.write_text((toy.root / "data.csv").read_text())
    toy.git("rm", "--quiet", "--cached", "data.csv")
    (toy.root / "data.csv").unlink()
    dvc(toy.root, "import-url", "--quiet", str(source), "data.csv")
    dvc(toy.root, "push", "--quiet")
    toy.commit("Import the data")
    toy.git("push", "--quiet")


def test_newer_data_becomes_a_judged_pull_request(registered):
    imported(registered)
    source = registered.root.parent / "source.csv"
    source.write_text(source.read_text() + "".join(f"{n},{n % 2},40\n" for n in range(600, 700)))
    before = registered.git("rev-parse", "HEAD")
    said = registered.cdml("run", "retrain")
    assert "newer data: pull request 1" in said
    assert registered.git("rev-parse", "HEAD") == before
    assert registered.git("status", "--porcelain", "--untracked-files=no") == ""
    pull = json.loads(registered.cdml("pr", "show", "1", "--json"))
    assert pull["pull"]["source"] == "cdml/retrain/toy"
    assert {status["context"]: status["state"] for status in pull["statuses"]} == {
        "cdml": "success",
        "cdml: roc_auc:max-regression": "success",
        "cdml gate": "success",
    }
    registered.cdml("run", "retrain")
    assert len(json.loads(registered.cdml("pr", "list", "--json"))) == 1


def test_nothing_newer_registers_what_main_holds_once(registered):
    imported(registered)
    assert "registered toy@v1.0.1" in registered.cdml("run", "retrain")
    assert "nothing changed" in registered.cdml("run", "retrain")
