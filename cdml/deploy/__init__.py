"""Places where a model can be served, one module each, and the one dictionary that names them."""

from __future__ import annotations

from cdml.deploy import local
from cdml.deploy.base import TargetPlugin

TARGETS: dict[str, TargetPlugin] = {
    "local": TargetPlugin(local.LocalOptions, local.LocalTarget),
}
