"""Templates: delimiters that leave CI's own alone, and a missing name that is an error."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from cdml.core.resources import example_project, renderer, template_text, templates


def test_foreign_braces_stay_and_ours_are_filled_in() -> None:
    text = "${{ secrets.X }} [[ -n $Y ]] {% raw %} [= name =]\n  [% if yes %]\nyes\n  [% endif %]\n[# no #]end\n"
    said = renderer().from_string(text).render(name="<a>", yes=True)
    assert said == "${{ secrets.X }} [[ -n $Y ]] {% raw %} <a>\nyes\nend\n"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="name"):
        renderer().from_string("[= name =]").render()


def test_templates_and_the_example_are_found() -> None:
    assert templates().joinpath("reports", "card.md.j2").is_file()
    assert template_text("reports/card.md.j2").startswith("---\n")
    assert (example_project() / "mlops.yaml").is_file()
