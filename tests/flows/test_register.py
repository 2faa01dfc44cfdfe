"""Versions: what they hold, and that there are never two of the same or half a one."""

from __future__ import annotations

import json
import shutil

from forked import begin, end
from gto.api import show


def test_a_version_is_a_release_commit_on_top_of_the_merged_one(registered):
    git = registered.git
    assert git("rev-parse", "toy@v1.0.0^{commit}~1") == git("rev-parse", "HEAD")
    added = git("diff", "--name-only", "HEAD", "toy@v1.0.0").splitlines()
    assert sorted(added) == [".cdml/card.md", ".cdml/environment.txt", ".cdml/judgement.json", "dvc.lock"]
    assert git("branch", "--all", "--contains", "toy@v1.0.0") == ""
    assert git("status", "--porcelain", "--untracked-files=no") == ""


def test_gto_reads_what_we_register(registered):
    table = show(str(registered.root), name="toy", table=False)
    assert [row["version"] for row in table] == ["v1.0.0"]


def test_without_a_dvc_remote_the_release_commit_carries_the_outputs(toy):
    toy.commit("No store", **{".dvc/config": ""})
    toy.git("push", "--quiet")
    toy.cdml("register")
    assert toy.git("show", "toy@v1.0.0:model.txt").strip() == "1.0"
    assert "id,y_true,y_score" in toy.git("show", "toy@v1.0.0:predictions.csv")


def test_registering_twice_gives_one_version(registered):
    before = registered.refs()
    assert "nothing changed: toy@v1.0.0" in registered.cdml("register")
    assert registered.refs() == before


def test_axes_decide_the_number(registered):
    def merged(message: str, **files: str) -> str:
        registered.main()
        registered.commit(message, **files)
        registered.git("push", "--quiet")
        return registered.cdml("register")

    data = (registered.root / "data.csv").read_text() + "600,0,44\n601,1,45\n"
    assert "toy@v1.0.1" in merged("More data", data__csv=data)
    assert "toy@v1.1.0" in merged("Other parameters", params__yaml="skill: 1.1\n")
    wider = "\n".join(f"{line},{'w' if n == 0 else n}" for n, line in enumerate(data.splitlines())) + "\n"
    assert "toy@v2.0.0" in merged("Another input", data__csv=wider)


def test_two_clones_that_register_at_once_end_with_one_version_of_these_inputs(toy, tmp_path):
    clones = [toy.root, tmp_path / "toy" / "other"]
    shutil.copytree(toy.root, clones[1], symlinks=True)
    processes = [begin(root, "register") for root in clones]
    assert [end(process) for process in processes] == [0, 0]
    tags = [ref for ref in toy.refs() if ref.startswith("refs/tags/")]
    assert tags == ["refs/tags/toy@v1.0.0"]


def test_a_commit_that_is_not_merged_is_refused(registered):
    registered.branch("side", "Not merged", params__yaml="skill: 1.2\n")
    before = registered.refs()
    assert "not merged into main" in registered.cdml("register", code=2)
    assert registered.refs() == before


def test_a_shallow_clone_is_refused_with_the_command_that_mends_it(registered, tmp_path):
    shallow = tmp_path / "shallow"
    registered.git("clone", "--quiet", "--depth=1", f"file://{registered.origin}", str(shallow))
    said = registered.cdml("-C", str(shallow), "register", code=2)
    assert "git fetch --unshallow --tags origin" in said


def test_a_clone_without_tags_is_refused_with_the_command_that_mends_it(registered, tmp_path):
    bare = tmp_path / "bare"
    registered.git("clone", "--quiet", "--no-tags", str(registered.origin), str(bare))
    assert "git fetch --tags origin" in registered.cdml("-C", str(bare), "compare", "v1.0.0", code=2)


def test_an_unreachable_remote_is_exit_4_and_leaves_nothing(toy):
    toy.git("remote", "set-url", "origin", "../gone.git")
    tags = toy.git("tag")
    toy.cdml("register", code=4)
    assert toy.git("tag") == tags


def test_provenance_says_what_went_in(registered):
    registered.commit("Other parameters", params__yaml="skill: 1.1\n")
    registered.git("push", "--quiet")
    registered.cdml("register")
    shown = json.loads(registered.cdml("registry", "show", "toy@v1.1.0", "--json"))
    provenance = shown["provenance"]
    assert provenance["commit"] == registered.git("rev-parse", "HEAD")
    assert provenance["parameters"] == {"skill": 1.1}
    assert provenance["axes"] == ["parameters"]
    assert provenance["base"] == "v1.0.0"
    assert [metric["name"] for metric in provenance["metrics"]] == ["roc_auc", "accuracy"]
