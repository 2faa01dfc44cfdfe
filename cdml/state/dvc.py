"""The one door to DVC: its command line for what changes things, its Python API for what reads them."""

from __future__ import annotations

import logging
import os
import posixpath
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cdml.core.errors import CdmlError, ConfigError, ExternalError
from cdml.core.interpreter import stage_environment
from cdml.core.masking import without_credentials
from cdml.core.process import Finished, run, stream


class UngivenError(ExternalError):
    """The DVC remote did not give these files: it refused, or did not answer."""

    def __init__(self, message: str, hint: str, printed: str, paths: Sequence[str]) -> None:
        super().__init__(message, hint, printed)
        self.paths = tuple(paths)


class Dvc:
    """DVC in one project directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str | None, Any] = {}

    @property
    def initialised(self) -> bool:
        """Whether `dvc init` was run here."""
        return (self.root / ".dvc").is_dir()

    def environment(self) -> dict[str, str]:
        """What every DVC process gets: no analytics, no update check, no file outside the project.

        `CI` is DVC's documented switch for its update check; it makes a laptop's run equal to CI's too.
        """
        quiet = {"DVC_NO_ANALYTICS": "1", "CI": os.environ.get("CI", "true")}
        quiet["DVC_SITE_CACHE_DIR"] = os.environ.get(
            "DVC_SITE_CACHE_DIR", str(self.root / ".dvc" / "tmp" / "site")
        )
        return {**quiet, **stage_environment(self.root)}

    def run(self, *words: str, check: bool = True, timeout: float | None = 3600) -> Finished:
        """One DVC command, without a terminal's decoration."""
        return run([*_COMMAND, *words], cwd=self.root, env=self.environment(), timeout=timeout, check=check)

    def reproduce(
        self,
        targets: tuple[str, ...],
        say: Callable[[str], None],
        env: Mapping[str, str] | None = None,
        *,
        run_cache: bool = True,
        force: bool = False,
    ) -> str:
        """Run what changed of `targets` and all before them; `say` gets each line as it is printed.

        Without `run_cache` nothing is taken from runs that others say they made; `force` runs what did not change
        too. Returns everything that was
        printed. Raises ExternalError with the end of it when a stage fails.
        """
        options = ["--pull", "--allow-missing"] if self.remote() else []
        options += [] if run_cache else ["--no-run-cache"]
        options += ["--force"] if force else []
        done = stream(
            [*_COMMAND, "repro", *options, *targets],
            cwd=self.root,
            env={**self.environment(), **(env or {})},
            say=say,
        )
        if done.code != 0:
            raise ExternalError(
                f"dvc repro {' '.join(targets)} failed", "mend the stage, then cdml run again", printed=done.tail()
            )
        return done.stdout

    def remote(self) -> str | None:
        """The address of the default remote, or None where outputs have no place but this machine."""
        config = self._config()
        name = config.get("core", {}).get("remote")
        if not name:
            return None
        return str(config.get("remote", {}).get(name, {}).get("url", "")) or None

    def push(self) -> None:
        """Outputs and run-cache to the remote, so that CI and others need not train again.

        Raises ExternalError where the remote does not take them.
        """
        try:
            with self.files(None) as files, _silent():
                files.repo.push(run_cache=True)
        except CdmlError:
            raise
        except Exception as error:  # every kind of remote raises its own library's
            said = without_credentials(str(error))
            raise ExternalError(f"dvc push failed: {said}", "dvc push shows why") from None

    def fetch_outputs(self, *paths: str) -> None:
        """Bring outputs that `reproduce` skipped into the working tree; UngivenError where the remote does not."""
        missing = [path for path in paths if not (self.root / path).exists()]
        if missing:
            done = self.run("pull", *missing, check=False)
            if done.code != 0:
                listed = ", ".join(missing)
                raise UngivenError(
                    f"the DVC remote does not give {listed}", "dvc pull shows why", done.tail(), missing
                )

    def read(self, revision: str, path: str) -> bytes | None:
        """A tracked output's bytes at a revision, from the cache or the remote; None where it is in neither.

        Raises UngivenError where the remote does not answer, or refuses.
        """
        try:
            with self.files(revision) as files, _answering(path):
                return bytes(files.cat_file(path))
        except FileNotFoundError:
            return None

    def listing(self, revision: str, path: str) -> dict[str, str] | None:
        """DVC's digests of the files in a tracked folder at a revision, by path; None where no cache has the list.

        Raises UngivenError where the remote does not answer, or refuses.
        """
        try:
            with self.files(revision) as files, _answering(path):
                found = files.find(path, detail=True)
        except FileNotFoundError:
            return None
        return {name.lstrip("/"): str(info.get("md5", "")) for name, info in found.items()} or None

    def size(self, revision: str, path: str) -> int | None:
        """The size in bytes of a tracked file at a revision; None where that is not known.

        Raises UngivenError where the remote does not answer, or refuses.
        """
        try:
            with self.files(revision) as files, _answering(path):
                info = files.info(path)
                if info.get("size") is not None or not info.get("md5"):
                    return None if info.get("size") is None else int(info["size"])
                # The listing of a folder has no sizes; the cache does, or else the remote.
                place = Path(files.repo.cache.local.oid_to_path(info["md5"]))
                if place.exists() or self.remote() is None:
                    return place.stat().st_size
                store = files.repo.cloud.get_remote_odb()
                return int(store.fs.size(store.oid_to_path(info["md5"])))
        except FileNotFoundError:
            return None

    def download(self, revision: str, path: str, to: Path) -> bool:
        """Write a tracked file or folder of a revision to `to`; False where no cache or remote has it.

        Raises UngivenError where the remote does not answer, or refuses.
        """
        try:
            with self.files(revision) as files, _answering(path):
                files.get(path, str(to), recursive=bool(files.isdir(path)))
        except FileNotFoundError:
            return False
        return to.exists()

    @contextmanager
    def files(self, revision: str | None) -> Iterator[Any]:
        """DVC's own file system of a revision (None: the working tree): tracked outputs beside git's files.

        Its root is this folder, also where that is not the top of the repository. It is closed at the end: DVC
        would otherwise write its index later, into a folder that may be gone. Whoever asks for the same revision
        within has the same one, with what it has read: opening and reading it costs thirty milliseconds.
        """
        if revision in self._open:
            yield self._open[revision]
            return
        from dvc.exceptions import DvcException
        from dvc.fs.dvc import DVCFileSystem  # dvc.api would bring experiments, plots and artifacts along

        try:
            repository = self._repository(revision)
        except DvcException as error:
            raise ConfigError(f"DVC cannot read {revision or 'the working tree'}: {error}") from None
        with repository:
            self._open[revision] = DVCFileSystem(repo=repository).fs
            try:
                yield self._open[revision]
            finally:
                del self._open[revision]

    def _repository(self, revision: str | None) -> Any:
        from dvc.fs import GitFileSystem
        from dvc.repo import Repo
        from dvc.scm import SCM

        # Here and not in the process's environment: the next repository may be in another folder.
        place = {"core": {"site_cache_dir": self.environment()["DVC_SITE_CACHE_DIR"]}}
        if revision is None:
            return Repo(str(self.root), config=place)
        # With a revision alone, DVC would take the top of the repository for the project.
        git = SCM(str(self.root), search_parent_directories=True)
        inside = self.root.resolve().relative_to(Path(git.root_dir).resolve()).as_posix()
        files = GitFileSystem(scm=git, rev=revision)
        repo = Repo(posixpath.normpath(f"/{inside}"), fs=files, scm=git, config=place)
        # An old commit names an old remote; its outputs are where the remote is now. And a commit that somebody
        # offers does not choose with whom our credentials speak.
        present = self._config()
        repo.config["remote"] = present.get("remote", {})
        repo.config["core"]["remote"] = present.get("core", {}).get("remote")
        return repo

    def _config(self) -> dict[str, Any]:
        from dvc.config import Config
        from dvc.exceptions import DvcException

        if not self.initialised:
            return {}
        try:
            return dict(Config(str(self.root / ".dvc")))
        except DvcException as error:
            raise ConfigError(f".dvc/config cannot be read: {error}", "dvc config --list") from None


_COMMAND = (sys.executable, "-m", "dvc")


@contextmanager
def _answering(path: str) -> Iterator[None]:
    """Every kind of remote raises its own library's exceptions, of no common kind: here they become one."""
    try:
        yield
    except (FileNotFoundError, CdmlError):
        raise
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        said = without_credentials(said)
        raise UngivenError(
            f"the DVC remote does not give {path}: {said}", "dvc pull shows why", "", [path]
        ) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Without DVC's log and progress bars, as with its `--quiet`: what went wrong is in what it raises."""
    loggers = [logging.getLogger(name) for name in ("dvc", "dvc_data", "dvc_objects")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
