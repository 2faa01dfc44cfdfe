"""Where templates come from: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jinja2 import Environment

_CHECKOUT = Path(__file__).resolve().parents[2] / "templates"


def templates() -> Traversable:
    """The folder of templates."""
    packaged = resources.files("cdml") / "templates"
    return packaged if packaged.is_dir() else _CHECKOUT


def template_text(name: str) -> str:
    """The text of one template, named by its path under templates/."""
    return templates().joinpath(*name.split("/")).read_text("utf-8")


@cache
def renderer() -> Environment:
    """Jinja2 with delimiters that clash with neither `${{ }}` nor bash `[[ ]]`; a missing name is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(  # noqa: S701 - renders Markdown, YAML and Python; values are escaped by who passes them
        loader=FunctionLoader(template_text),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[=",
        variable_end_string="=]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, **values: object) -> str:
    """One template with its values filled in."""
    return renderer().get_template(name).render(**values)


@cache
def html_renderer() -> Environment:
    """The same for HTML: every value is escaped, but for what the template itself calls safe."""
    return renderer().overlay(autoescape=True)


def render_html(name: str, **values: object) -> str:
    """One HTML template with its values filled in, as text and never as markup."""
    return html_renderer().get_template(name).render(**values)


def example_project() -> Path:
    """The example project: inside the wheel, or beside the package in a checkout."""
    packaged = Path(__file__).resolve().parents[1] / "example-project"
    return packaged if packaged.is_dir() else _CHECKOUT.parent / "example-project"
