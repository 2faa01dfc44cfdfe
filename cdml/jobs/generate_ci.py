"""The CI of a repository: one set of files for all of its models, wherever their mlops.yaml stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from cdml import __version__
from cdml.ci import PROVIDERS
from cdml.ci.base import CiFile, Repository
from cdml.ci.github import VENDORED
from cdml.ci.machines import model_of
from cdml.ci.workflows import workflows
from cdml.config.load import load
from cdml.core.errors import ConfigError
from cdml.core.settings import CONFIG_FILE, Settings
from cdml.jobs.stamp import is_ours
from cdml.state.git import Git


def ci_files(git: Git, here: Path, settings: Settings) -> tuple[CiFile, ...]:
    """What every provider of the repository renders; nothing where none is named and the remote is nobody's.

    `here` is the folder whose mlops.yaml was read as `settings`; the other models' are read from the working tree.
    """
    top = git.top()
    known = {folder: load(top / folder) for folder in _folders(git, top) if (top / folder) != here}
    known[here.relative_to(top).as_posix()] = settings
    names = providers(git, known)
    if not names:
        return ()
    repository = replace(_repository(git, known), vendored=(top / VENDORED).is_dir())
    found: list[CiFile] = []
    for number, name in enumerate(names):
        found += PROVIDERS[name].files(repository, workflows(repository, only_judge=number > 0))
    return tuple(found)


def superseded(top: Path, wanted: tuple[CiFile, ...]) -> tuple[str, ...]:
    """Files that an earlier mlops.yaml asked for and this one does not, as paths from the top."""
    paths = {file.path for file in wanted}
    found = (path for provider in PROVIDERS.values() for pattern in provider.owns for path in top.glob(pattern))
    names = {path.relative_to(top).as_posix(): path for path in found if path.is_file()}
    return tuple(
        sorted(n for n, p in names.items() if n not in paths and is_ours(p.read_text("utf-8", "replace")))
    )


def providers(git: Git, models: dict[str, Settings]) -> tuple[str, ...]:
    """The providers that mlops.yaml names, else the one of the remote's host, if any."""
    named = next((s.ci.providers for _, s in sorted(models.items()) if s.ci.providers is not None), None)
    if named is not None:
        unknown = [name for name in named if name not in PROVIDERS]
        if unknown:
            raise ConfigError(f"ci.providers: {unknown[0]} is not built in; there are {', '.join(PROVIDERS)}")
        return named
    host = _host(git.remote_url() or "")
    return tuple(name for name, provider in PROVIDERS.items() if _at(host, provider.hosts))[:1]


def _host(url: str) -> str:
    if "://" in url:
        return urlsplit(url).hostname or ""
    return url.partition(":")[0].rpartition("@")[2] if ":" in url.partition("/")[0] else ""


def _at(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _folders(git: Git, top: Path) -> tuple[str, ...]:
    """Folders with an mlops.yaml and DVC beside it: one alone is only a file."""
    listed = Git(top).text("ls-files", "-z", "--", CONFIG_FILE, f"*/{CONFIG_FILE}").split("\0")
    folders = (Path(name).parent for name in filter(None, listed))
    return tuple(folder.as_posix() for folder in folders if (top / folder / ".dvc").is_dir())


def _repository(git: Git, models: dict[str, Settings]) -> Repository:
    named = (settings.ci.main for _, settings in sorted(models.items()))
    return Repository(
        main=next(filter(None, named), None) or git.default_branch(),
        models=tuple(model_of(settings, folder) for folder, settings in sorted(models.items())),
        cdml=next((s.ci.cdml for _, s in sorted(models.items()) if s.ci.cdml), f"=={__version__}"),
    )
