"""The trust that a cloud is given in the subjects of jobs: the commands, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cdml.jobs.cloud import AUDIENCES
from cdml.jobs.doctor_base import quoted, shell


@dataclass(frozen=True)
class Subject:
    """What a cloud sees of a job, and whether it may let that write: code of pull requests presents some of them.

    A pull request of this repository may change its own workflow, so that every job of its event counts.
    """

    name: str
    claim: str
    writes: bool


def trust_policy(role: str, host: str, claims: list[str]) -> dict[str, Any]:
    """The trust policy of an AWS role for these subjects, signed by `host`."""
    account = role.split(":")[4] if role.count(":") >= 5 else "ACCOUNT"
    condition: dict[str, Any] = {"StringEquals": {f"{host}:aud": AUDIENCES["aws"]}}
    exact = [claim for claim in claims if "*" not in claim]
    if exact:
        condition["StringEquals"][f"{host}:sub"] = exact
    else:
        condition["StringLike"] = {f"{host}:sub": claims}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{host}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def entra_credential(subject: Subject, host: str) -> dict[str, Any]:
    """The federated credential of an application of Azure for one subject."""
    return {
        "name": f"cdml-{subject.name.replace('/', '-')}",
        "issuer": f"https://{host}",
        "subject": subject.claim,
        "audiences": [AUDIENCES["azure"]],
    }


def aws_body(writes: bool) -> str:
    """The name of the body that an AWS role is sent."""
    return "aws" if writes else "aws/pull-request"


def trust(name: str, who: str, keys: Mapping[str, str], trusted: list[Subject]) -> str:
    """The command that makes a cloud let these subjects be `who`."""
    if name == "aws":
        role, body = quoted(who.rpartition("/")[2]), aws_body(trusted[0].writes)
        document = f'"$(cdml doctor --body {body})"'
        return f"aws iam update-assume-role-policy --role-name {role} --policy-document {document}"
    if name == "azure":
        create = shell("az", "ad", "app", "federated-credential", "create", "--id", who)
        names = shell(*(one.name for one in trusted))
        return f'for name in {names}; do {create} --parameters "$(cdml doctor --body "azure/$name")"; done'
    pool = keys["workload-identity-provider"].partition("/providers/")[0]
    bind = shell("gcloud", "iam", "service-accounts", "add-iam-policy-binding", who)
    claims = shell(*(one.claim for one in trusted))
    member = f'"principal://iam.googleapis.com/{pool}/subject/$subject"'
    return f"for subject in {claims}; do {bind} --role roles/iam.workloadIdentityUser --member {member}; done"
