"""The token that a forge is spoken to with, from the environment; it is never printed."""

from __future__ import annotations

from collections.abc import Mapping

from cdml.core.errors import UsageError

OWN = "CDML_TOKEN"  # read before a forge's own variables, whichever forge it is


def find_token(env: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The first variable that is set, OWN before `names`, as its value and its name; both empty where none is.

    UsageError for what can be no token: it would end up as a header that no server understands.
    """
    variable = next((name for name in (OWN, *names) if env.get(name, "").strip()), "")
    token = env.get(variable, "").strip()
    if not (token.isascii() and token.isprintable()):
        raise UsageError(f"{variable} holds letters that no token has", f"set {variable} again")
    return token, variable
