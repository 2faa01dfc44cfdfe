"""Where outputs are kept: DVC's remote as a clone sees it, and what git must keep where there is none."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cdml.core.errors import ConfigError
from cdml.jobs.doctor_base import Finding, Scene, quoted
from cdml.jobs.overlay import IN_GIT_BYTES
from cdml.state.plumbing import is_url
from cdml.state.snapshot import LOCK_FILE

TOPIC = "dvc"
BUCKET = "dvc remote add --default storage s3://BUCKET/PATH"
# The package that brings each kind of storage; DVC knows the others itself.
_PLUGINS = {
    "s3": "dvc_s3",
    "gs": "dvc_gs",
    "azure": "dvc_azure",
    "ssh": "dvc_ssh",
    "gdrive": "dvc_gdrive",
    "oss": "dvc_oss",
    "hdfs": "dvc_hdfs",
    "webhdfs": "dvc_hdfs",
    "webdav": "dvc_webdav",
    "webdavs": "dvc_webdav",
}


def storage(scene: Scene) -> Iterator[Finding]:
    """The default remote: that there is one where one is needed, that a clone knows it, and that CI reaches it."""
    here, cloned = scene.project.dvc.remote(), _cloned(scene)
    if here is None and cloned is None:
        yield _in_git(scene)
    elif cloned is None:
        yield Finding(
            TOPIC,
            "missing",
            "no clone knows the DVC remote: it is set in .dvc/config.local, or not committed",
            "CI cannot fetch or keep outputs",
            "dvc remote list, then dvc remote add --default NAME URL, then git commit .dvc/config",
        )
    elif _is_folder(cloned):
        yield _folder(scene, cloned)
    else:
        yield from _bucket(cloned)


def _cloned(scene: Scene) -> str | None:
    """The default remote's address as the last commit has it; what is in it besides is never shown."""
    content = scene.project.git.read("HEAD", ".dvc/config")
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((content or b"").decode("utf-8", "replace"))
    except configparser.Error as error:
        raise ConfigError(f".dvc/config cannot be read: {error}", "dvc config --list") from None
    name = parser.get("core", "remote", fallback="").strip("\"'")
    sections = {key.strip("'"): key for key in parser.sections()}
    section = sections.get(f'remote "{name}"')
    return parser.get(section, "url", fallback="").strip("\"'") or None if section else None


def _is_folder(url: str) -> bool:
    return url.startswith("file://") or not is_url(url)


def _folder(scene: Scene, url: str) -> Finding:
    if not scene.hosted:
        return Finding(TOPIC, "ok", f"outputs are kept in the folder {url}")
    return Finding(
        TOPIC,
        "missing",
        f"the DVC remote is a folder of this machine: {url}",
        "CI runs on other machines, where it is not",
        f"{BUCKET} --force, then dvc push",
    )


def _bucket(url: str) -> Iterator[Finding]:
    """`remote://` and the like are DVC's own; a user or password in the address stays unsaid."""
    scheme, _, rest = url.partition("://")
    plugin = _PLUGINS.get(scheme)
    if plugin and find_spec(plugin) is None:
        package = plugin.replace("_", "-")
        yield Finding(
            TOPIC,
            "missing",
            f"DVC cannot speak to {scheme}:// here",
            f"{package} is not installed beside cdml; CI needs it too (ci.install)",
            f"pip install {package}",
        )
    yield Finding(TOPIC, "ok", f"outputs are kept at {scheme}://{rest.rpartition('@')[2]}")


def _in_git(scene: Scene) -> Finding:
    size = _size(scene.project.root)
    if size is None:
        return Finding(
            TOPIC, "note", "no DVC remote; nothing has run yet", "up to 50 MB of outputs are kept in git", BUCKET
        )
    said = f"outputs of {size / 1e6:,.1f} MB"
    if size <= IN_GIT_BYTES:
        return Finding(TOPIC, "ok", f"{said} are kept in git by the release commit")
    limit = f"{IN_GIT_BYTES / 1e6:.0f} MB"
    return Finding(
        TOPIC,
        "missing",
        f"{said} have no DVC remote",
        f"git keeps at most {limit}: nothing can be registered",
        BUCKET,
    )


def _size(root: Path) -> int | None:
    """Bytes of all outputs that dvc.lock names; None where nothing has run."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = root / LOCK_FILE
    if not path.is_file():
        return None
    try:
        found: Any = YAML(typ="safe", pure=True).load(path.read_text("utf-8", "replace"))
        stages = found["stages"].values()
        return sum(int(out.get("size") or 0) for stage in stages for out in stage.get("outs") or ())
    except (YAMLError, AttributeError, KeyError, TypeError, ValueError):
        raise ConfigError(f"{LOCK_FILE} cannot be read", f"git checkout -- {quoted(LOCK_FILE)}") from None
