"""DVC remotes in folders beside a repository are found from a clone elsewhere, as DVC itself reads its config."""

from __future__ import annotations

from pathlib import Path

from cdml.state.near_remotes import anchor

CONFIG = """[core]
    remote = store
['remote "store"']
    url = ../../store
['remote "far"']
    url = s3://bucket/100%/store
['remote "fixed"']
    url = /srv/store
"""


def urls(root: Path) -> dict[str, str]:
    from dvc.config import Config

    remotes = Config(str(root / ".dvc"), validate=False)["remote"]
    return {name: str(remote["url"]) for name, remote in remotes.items()}


def repository(root: Path, config: str = CONFIG) -> Path:
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text(config)
    return root


def test_a_relative_remote_means_the_same_folder_in_a_clone_and_others_stay(tmp_path: Path) -> None:
    source, clone = repository(tmp_path / "home/work"), repository(tmp_path / "elsewhere/deep/down/repository")
    (tmp_path / "home/store").mkdir()
    anchor(clone, source)
    assert urls(clone) == {**urls(source), "store": str(tmp_path / "home/store")}
    assert (source / ".dvc/config").read_text() == CONFIG
    assert not (source / ".dvc/config.local").exists()


def test_without_relative_remotes_or_a_config_nothing_is_written(tmp_path: Path) -> None:
    source = repository(tmp_path / "work")
    for place, config in (("far", CONFIG.replace("../../store", "~/store")), ("broken", "[core\nremote")):
        clone = repository(tmp_path / place, config)
        anchor(clone, source)
        assert not (clone / ".dvc/config.local").exists()
    anchor(tmp_path / "none", source)
    assert not (tmp_path / "none").exists()
