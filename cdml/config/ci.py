"""The `ci` section of mlops.yaml: its types, the grammars of its values, and Settings' Ci made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from cdml.core.settings import Ci

if TYPE_CHECKING:
    from cdml.config.model import CiModel

Job = Literal["default", "train", "register", "deploy", "retrain", "monitor"]
Provider = Literal["github", "azure", "gitlab"]

LABEL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$"
SECRET_PATTERN = r"^(?!(?i:GITHUB_|CI_|SYSTEM_))[A-Za-z_][A-Za-z0-9_]*$"  # noqa: S105
PYTHON_PATTERN = r"^3\.[0-9]{1,2}$"
VERSION_PATTERN = r"^(==|>=|~=)[0-9][0-9A-Za-z.]*$"
INDEX_PATTERN = r"^https?://[^\s@\"'$`\\]+$"
VALUE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 ._:/@=+-]*$"
# What each cloud asks of a job that proves by its own identity who it is; who runs code of pull requests there.
CLOUD_OPTIONS = {
    "aws": ("pull-request-role",),
    "azure": ("pull-request-client-id",),
    "gcp": ("pull-request-service-account",),
}
CLOUD_KEYS = {
    "aws": ("role", "region"),
    "azure": ("client-id", "tenant-id", "subscription-id"),
    "gcp": ("workload-identity-provider", "service-account"),
}
MINUTES = 60 * 24 * 5  # what a machine of one's own is given at most


def _matching(pattern: str, what: str) -> AfterValidator:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"{text!r} is not {what}")
        return text

    return AfterValidator(check)


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def cloud(given: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """Every cloud with just the keys that it needs."""
    for name, keys in given.items():
        wanted = CLOUD_KEYS[name]
        lacking = [key for key in wanted if key not in keys]
        more = [key for key in keys if key not in (*wanted, *CLOUD_OPTIONS[name])]
        if lacking or more:
            said = f"lacks {', '.join(lacking)}" if lacking else f"has no key {more[0]!r}"
            raise ValueError(f"{name} {said}; it has {', '.join((*wanted, *CLOUD_OPTIONS[name]))}")
    return given


def cron(text: str) -> str:
    """A cron line of five fields whose minute is not the full hour, when every scheduler is busy."""
    fields = text.split()
    if len(fields) != 5 or not all(re.fullmatch(r"[0-9A-Za-z*/,\-]+", part) for part in fields):
        raise ValueError(f"{text!r} is not a cron line of five fields, such as 17 6 * * 1")
    if fields[0] in ("0", "00", "*"):
        raise ValueError(f"{text!r} asks for the full hour, when every scheduler is late: write 17 instead of 0")
    return " ".join(fields)


Label = Annotated[str, _matching(LABEL_PATTERN, "a machine's label"), _pattern(LABEL_PATTERN)]
SecretName = Annotated[
    str,
    _matching(SECRET_PATTERN, "a name that a secret can have: letters, digits and _"),
    _pattern(r"^[A-Za-z_][A-Za-z0-9_]*$"),  # JSON Schema's expressions know no inline flags
]
Python = Annotated[str, _matching(PYTHON_PATTERN, 'a version such as "3.11"'), _pattern(PYTHON_PATTERN)]
CdmlVersion = Annotated[
    str,
    _matching(VERSION_PATTERN, 'a version as pip writes it, such as "==0.1.0"'),
    _pattern(VERSION_PATTERN),
]
Index = Annotated[
    str, _matching(INDEX_PATTERN, "an http address without user and password"), _pattern(INDEX_PATTERN)
]
Cron = Annotated[str, AfterValidator(cron), WithJsonSchema({"type": "string"})]
ConfigValue = Annotated[str, _matching(VALUE_PATTERN, "a name"), _pattern(VALUE_PATTERN)]

Labels = Label | Annotated[tuple[Label, ...], Field(min_length=1)]
RunsOn = Labels | dict[Job, Labels]
Minutes = Annotated[int, Field(ge=1, le=MINUTES)]
Timeout = Minutes | dict[Job, Minutes]
Secrets = dict[Job, tuple[SecretName, ...]]
Cloud = Annotated[
    dict[Literal["aws", "azure", "gcp"], dict[str, ConfigValue]],
    AfterValidator(cloud),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {
                    "type": "object",
                    "properties": {key: {"type": "string"} for key in (*keys, *CLOUD_OPTIONS[name])},
                    "required": list(keys),
                    "additionalProperties": False,
                }
                for name, keys in CLOUD_KEYS.items()
            },
        }
    ),
]
Azure = dict[Literal["pool", "service-connection", "variable-group"], ConfigValue]


def build(ci: CiModel | None) -> Ci:
    """Ci of the section, with every default filled in."""
    if ci is None:
        return Ci()
    return Ci(
        main=ci.main,
        test=ci.test,
        providers=ci.providers,
        python=ci.python,
        install=ci.install,
        runs_on=_labels(ci.runs_on),
        timeout_minutes=_minutes(ci.timeout_minutes),
        secrets={str(job): names for job, names in ci.secrets.items()},
        cloud={str(name): keys for name, keys in ci.cloud.items()},
        azure={str(key): value for key, value in ci.azure.items()},
        index_url=ci.index_url,
        cdml=ci.cdml or "",
        forks=ci.forks,
    )


def _labels(value: RunsOn | None) -> dict[str, tuple[str, ...]]:
    """A machine's labels by job, where they were written once for all jobs too."""
    by_job = value if isinstance(value, dict) else {} if value is None else {"default": value}
    return {str(job): (one,) if isinstance(one, str) else one for job, one in by_job.items()}


def _minutes(value: Timeout | None) -> dict[str, int]:
    by_job = value if isinstance(value, dict) else {} if value is None else {"default": value}
    return {str(job): minutes for job, minutes in by_job.items()}
