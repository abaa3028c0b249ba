"""The folders that a Python needs besides its own: a virtual environment's base, editable installs.

https://docs.python.org/3/library/site.html;
https://setuptools.pypa.io/en/latest/userguide/development_mode.html
"""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

_HOME = re.compile(r"^home\s*=\s*(.+?)\s*$", re.MULTILINE)
_MAPPING = re.compile(r"^(?:MAPPING|NAMESPACES)[^=\n]*= (\{.*\})$", re.MULTILINE)
_LARGEST = 1 << 20


def base(prefix: Path) -> Path | None:
    """Return the folder of a virtual environment's base Python; None: it is not a virtual
    environment.
    """
    found = _HOME.search(_text(prefix / "pyvenv.cfg"))
    return Path(found.group(1)) if found else None


def editable(prefix: Path) -> Iterator[Path]:
    """Yield the folders that editable installs below a prefix refer to."""
    for site in _sites(str(prefix)):
        for name in _naming(site, os.stat(site).st_mtime_ns):
            yield from _named(Path(site, name), Path(site))


def _sites(prefix: str) -> Iterator[str]:
    for library in (f"{prefix}/lib", f"{prefix}/lib64"):
        try:
            versions = [one for one in os.listdir(library) if one.startswith("python3")]
        except OSError:
            continue
        for version in versions:
            for packages in ("site-packages", "dist-packages"):
                if os.path.isdir(site := f"{library}/{version}/{packages}"):
                    yield site


@functools.lru_cache(maxsize=64)
def _naming(site: str, _changed: int) -> tuple[str, ...]:
    """Return the files there that may refer to folders."""
    return tuple(
        one
        for one in os.listdir(site)
        if one.endswith((".pth", ".egg-link"))
        or (one.startswith("__editable__") and one.endswith("_finder.py"))
    )


def _named(file: Path, site: Path) -> Iterator[Path]:
    if file.suffix == ".pth":
        lines = [one.strip() for one in _text(file).splitlines()]
        yield from (site / one for one in lines if one and not one.startswith(("#", "import")))
    elif file.suffix == ".egg-link":
        yield from (site / one for one in _text(file).splitlines()[:1] if one)
    else:
        for words in _MAPPING.findall(_text(file)):
            try:
                mapping = ast.literal_eval(words)
            except (ValueError, SyntaxError):
                continue
            for value in mapping.values():
                yield from map(Path, [value] if isinstance(value, str) else value)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace") if file.stat().st_size < _LARGEST else ""
    except OSError:
        return ""
