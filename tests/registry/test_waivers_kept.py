"""Waivers in tags: kept where there are any, and older tags without them are still read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cdml.core.comparison import Waiver
from cdml.core.errors import ConfigError
from cdml.core.release import Provenance
from cdml.registry.provenance import provenance_body, read_provenance

WAIVER = Waiver("f1:min", "0" * 64, "bob", "the labels are: stricter #now", 7, 12, "a" * 40, 1_700_000_000)


def test_a_tag_without_waivers_is_written_as_before_and_read(provenance: Provenance) -> None:
    body = provenance_body(provenance)
    assert "waivers" not in body
    assert read_provenance(body, "churn@v1.0.0") == provenance


def test_a_tag_names_who_waived_what_and_why(provenance: Provenance) -> None:
    waived = replace(provenance, waivers=(WAIVER,))
    body = provenance_body(waived)
    assert "gate: f1:min" in body
    assert read_provenance(body, "churn@v1.0.0") == waived


@pytest.mark.parametrize("words", ["waivers: []\n", "waivers:\n- gate: f1:min\n", "waivers: yes\n"])
def test_a_tag_with_waivers_that_cdml_did_not_write_is_refused(provenance: Provenance, words: str) -> None:
    with pytest.raises(ConfigError, match=r"churn@v1\.0\.0"):
        read_provenance(provenance_body(provenance) + words, "churn@v1.0.0")
