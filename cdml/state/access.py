"""Whether the DVC remote gives what a run needs; if not, whether it would give it to somebody with credentials.

DVC itself takes a refusal of some remotes (HTTP) for a file that is not there, so the remote is asked here, for
one byte. What refusals look like was seen with DVC's HTTP and S3 remotes; the others' are known by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cdml.core.masking import without_credentials
from cdml.state.dvc import Dvc
from cdml.state.pipeline import read_pipeline

MOST_ASKED = 20
_DENIED_STATUS = (401, 403, 407)
# Exceptions of the libraries behind DVC's remotes: botocore, google-auth, azure-core and dvc-azure, asyncssh.
_DENIED = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "TokenRetrievalError",
        "SSOTokenLoadError",
        "ProfileNotFound",
        "DefaultCredentialsError",
        "RefreshError",
        "ClientAuthenticationError",
        "CredentialUnavailableError",
        "AzureAuthError",
        "GDriveAuthError",
        "PermissionDenied",
        "PermissionError",
    }
)
_DENIED_CODES = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "401", "403"}
)
_UNSET = "authentication require"  # DVC: "HTTP 'basic' authentication require both 'user' and 'password'"


@dataclass(frozen=True)
class Ungiven:
    """A file that the remote does not give: it wants credentials, has no such object, or gives no answer.

    `said` is the remote's answer in its own words, one line.
    """

    path: str
    why: Literal["denied", "absent", "unreachable"]
    said: str


def ungiven(dvc: Dvc, wanted: Mapping[str, str]) -> Ungiven | None:
    """The first of these files (path to DVC's digest) that neither the cache nor the remote gives.

    None where all can be had, or there is no remote. One that is denied comes first: a remote may call absent what
    it does not show.
    """
    if not wanted or dvc.remote() is None:
        return None
    with dvc.files(None) as files:
        found = list(_asked(files.repo, wanted))
    order = ("denied", "unreachable", "absent")
    return min(found, key=lambda one: order.index(one.why), default=None)


def missing_data(dvc: Dvc, targets: Iterable[str], broken: Iterable[str] = ()) -> dict[str, str]:
    """What these stages read and the working tree lacks, by path with its digest: the data that DVC tracks.

    Of stages that are `broken`, what other stages made for them counts too.
    """
    pipeline = read_pipeline(dvc, None)
    wanted = pipeline.sources(pipeline.closure(targets))
    tracked = {path: oid for path, oid in pipeline.tracked.items() if any(_serves(path, one) for one in wanted)}
    needed = [path for name in broken if name in pipeline.stages for path in pipeline.stage(name).deps]
    made = {path: pipeline.out(path) for path in needed}
    return {path: oid for path, oid in (made | tracked).items() if oid and not (dvc.root / path).exists()}


def _serves(path: str, wanted: str) -> bool:
    return path == wanted or path.startswith(f"{wanted}/") or wanted.startswith(f"{path}/")


def _asked(repo: Any, wanted: Mapping[str, str]) -> Iterator[Ungiven]:
    missing = [(p, oid) for p, oid in wanted.items() if not Path(repo.cache.local.oid_to_path(oid)).exists()]
    for path, oid in missing[:MOST_ASKED]:
        try:
            store = repo.cloud.get_remote_odb()
            # Past DVC's own layer, which answers "not there" to any refusal of an HTTP remote.
            store.fs.fs.cat_file(store.oid_to_path(oid), start=0, end=1)
        except Exception as error:  # every kind of remote raises its own library's
            said = (str(error).splitlines() or [type(error).__name__])[0]
            yield Ungiven(path, _why(error), without_credentials(said))


def _why(error: BaseException) -> Literal["denied", "absent", "unreachable"]:
    chain = list(_chain(error))
    if any(_is_denied(one) for one in chain):
        return "denied"
    return "absent" if any(isinstance(one, FileNotFoundError) for one in chain) else "unreachable"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that it came of; they may point at each other."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_denied(error: BaseException) -> bool:
    if {kind.__name__ for kind in type(error).__mro__} & _DENIED or _UNSET in str(error):
        return True
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    places = ((error, "status"), (error, "status_code"), (error, "code"), (response, "status_code"))
    known = (getattr(one, name, None) for one, name in places)
    return code in _DENIED_CODES or next((n for n in known if isinstance(n, int)), 0) in _DENIED_STATUS
