"""Outputs as DVC's objects: taken out of one machine's cache, and pushed to the remote by another machine."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cdml.core.errors import ConfigError, ExternalError
from cdml.core.masking import without_credentials
from cdml.state.dvc import Dvc
from cdml.state.pipeline import Pipeline

DIRECTORY = ".dir"


def cached_objects(dvc: Dvc, pipeline: Pipeline) -> dict[str, Path]:
    """The objects of every output that the cache holds, by DVC's digest of them; a folder's files among them."""
    uncached = {path for stage in pipeline.stages.values() for path in stage.uncached}
    outs = {
        path: oid
        for stage in pipeline.stages.values()
        for path, oid in stage.outs.items()
        if oid and path not in uncached
    }
    with dvc.files(None) as files:
        return dict(_present(files.repo.cache.local, outs.values()))


def _present(cache: Any, oids: Iterable[str]) -> Iterable[tuple[str, Path]]:
    for oid in oids:
        place = Path(cache.oid_to_path(oid))
        if place.is_file():
            yield oid, place
            if oid.endswith(DIRECTORY):
                yield from _present(cache, (entry["md5"] for entry in json.loads(place.read_bytes())))


def push_objects(dvc: Dvc, objects: Mapping[str, Path]) -> None:
    """Put objects into the cache and push them to the default remote.

    Raises ConfigError for one whose bytes are not what its name says, before any is taken, and ExternalError where
    the remote takes them not.
    """
    for oid, place in objects.items():
        with place.open("rb") as file:
            found = hashlib.file_digest(file, "md5").hexdigest()  # DVC's own; it identifies, it protects nothing
        if found != oid.removesuffix(DIRECTORY):
            raise ConfigError(f"the object {oid[:12]} of the handover holds other bytes than its name says")
    with dvc.files(None) as files:
        _push(files.repo, objects)


def _push(repo: Any, objects: Mapping[str, Path]) -> None:
    from dvc_data.hashfile.hash_info import HashInfo

    for oid, place in objects.items():
        target = Path(repo.cache.local.oid_to_path(oid))
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(place, target)
    try:
        done = repo.cloud.push({HashInfo("md5", oid) for oid in objects})
    except Exception as error:  # every kind of remote raises its own library's
        said = without_credentials(str(error))
        raise ExternalError(f"the DVC remote takes no outputs: {said}", "dvc remote list") from None
    if done.failed:
        raise ExternalError(f"the DVC remote did not take {len(done.failed)} outputs", "dvc push shows why")
