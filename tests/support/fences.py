"""Extract the commands that documentation shows: lines of fenced blocks that begin with `$`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
_FENCE = re.compile(r"^( *)```console\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """Return each command of a page as one line, without its output."""
    found: list[str] = []
    for indent, block in _FENCE.findall(page.read_text()):
        continues = False
        for line in block.splitlines():
            text = line.removeprefix(indent)
            if continues:
                found[-1] += " " + text.strip()
            elif text.startswith("$ "):
                found.append(text[2:])
            else:
                continue
            continues = found[-1].endswith("\\")
            if continues or text.startswith("  |"):
                found[-1] = found[-1].removesuffix("\\").rstrip()
    return [re.sub(r"\s+#.*$", "", one) for one in found]


def table(page: Path, head: str) -> list[tuple[str, str]]:
    """Return the two cells of each row of the table whose header begins with `| head |`."""
    text = page.read_text().split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(row[0], row[1]) for row in rows if not row[0].startswith("---")]
