"""DVC remotes that are folders beside a repository: from a clone their relative paths would lead elsewhere."""

from __future__ import annotations

from configparser import Error, RawConfigParser
from pathlib import Path

CONFIG, LOCAL = Path(".dvc", "config"), Path(".dvc", "config.local")


def anchor(clone: Path, source: Path) -> None:
    """Let the clone's DVC find what relative paths of its remotes mean in `source`, the folder that was cloned.

    Written to the clone's own config.local, which git does not see. A config that cannot be read is DVC's to
    report.
    """
    found = RawConfigParser(strict=False, delimiters=("=",))
    try:
        if not (clone / CONFIG).is_file() or (clone / LOCAL).exists():
            return
        found.read(clone / CONFIG, encoding="utf-8")
    except (Error, OSError, UnicodeError):
        return
    urls = {section: found.get(section, "url", fallback="").strip() for section in found.sections()}
    near = {section: url for section, url in urls.items() if _is_relative(url)}
    places = {section: (source / CONFIG.parent / url).resolve() for section, url in near.items()}
    if places:
        lines = (f"[{section}]\n    url = {place}\n" for section, place in places.items())
        (clone / LOCAL).write_text("".join(lines), encoding="utf-8")


def _is_relative(url: str) -> bool:
    """Whether DVC takes it for a path from the folder of its config."""
    return bool(url) and "://" not in url and not Path(url).is_absolute() and not url.startswith("~")
