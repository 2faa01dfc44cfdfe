"""A run of CI enters a cloud by its own identity: no key is stored anywhere, and what opens the door soon expires.

The variables and files are those that the clouds' own libraries look for, so DVC and the project's code need to
know nothing of it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cdml.ci import SYSTEMS, run_context
from cdml.core.errors import ExternalError
from cdml.core.files import write

# How far this job may reach: set by generated CI, `read` where code of a pull request runs.
ACCESS = "CDML_CLOUD"
AUDIENCES = {"aws": "sts.amazonaws.com", "azure": "api://AzureADTokenExchange"}
# Who a job is that runs code of pull requests; without it that job enters no cloud.
READERS = {"aws": "pull-request-role", "azure": "pull-request-client-id", "gcp": "pull-request-service-account"}


def enter(clouds: Mapping[str, Mapping[str, str]]) -> None:
    """Let this process, and all that it starts, reach the clouds of mlops.yaml; nothing happens outside of CI.

    Raises ExternalError where the provider gives no identity.
    """
    access, context = os.environ.get(ACCESS), run_context(os.environ)
    if not access or context is None:
        return
    for cloud, keys in clouds.items():
        who = keys.get(READERS[cloud]) if access == "read" else None
        if access == "read" and not who:
            continue
        token = SYSTEMS[context.provider].identity(os.environ, cloud, audience(cloud, keys))
        if not token:
            raise ExternalError(
                f"{context.provider} gives this job no identity for {cloud}",
                "cdml generate writes the permission; cdml doctor shows the trust policy",
            )
        os.environ.update(variables(cloud, keys, who, _folder(), token))


def audience(cloud: str, keys: Mapping[str, str]) -> str:
    """Whom the identity is shown to."""
    return AUDIENCES.get(cloud) or f"https://iam.googleapis.com/{keys['workload-identity-provider']}"


def variables(cloud: str, keys: Mapping[str, str], who: str | None, folder: Path, token: str) -> dict[str, str]:
    """What the cloud's libraries read; the token is written to a file of this user alone."""
    place = folder / f"{cloud}-token"
    _secret(place, token)
    if cloud == "aws":
        role = who or keys["role"]
        return {
            "AWS_ROLE_ARN": role,
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(place),
            "AWS_DEFAULT_REGION": keys["region"],
        }
    if cloud == "azure":
        return {
            "AZURE_CLIENT_ID": who or keys["client-id"],
            "AZURE_TENANT_ID": keys["tenant-id"],
            "AZURE_SUBSCRIPTION_ID": keys["subscription-id"],
            "AZURE_FEDERATED_TOKEN_FILE": str(place),
        }
    settings = folder / "gcp.json"
    write(settings, json.dumps(_federation(keys, who or keys["service-account"], place)))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(settings)}


def _federation(keys: Mapping[str, str], account: str, token: Path) -> dict[str, object]:
    """Google's description of an account outside of it (its `external_account` file)."""
    api = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{keys['workload-identity-provider']}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(token)},
        "service_account_impersonation_url": f"{api}/{account}:generateAccessToken",
    }


def _folder() -> Path:
    """A folder that ends with the job."""
    return Path(tempfile.mkdtemp(prefix="cdml-cloud-", dir=os.environ.get("RUNNER_TEMP")))


def _secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
