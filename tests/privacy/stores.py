"""Everything a desk has written down anywhere, to be searched."""

from __future__ import annotations

import urllib.request

from tests.desk import Desk

TRAINED = {"models", "knowledge"}  # made before anybody wrote anything


def holding(desk: Desk, *traces: str) -> dict[str, list[str]]:
    """Which files and pages of a running desk hold one of `traces`, and which."""
    pages = {
        str(path): path.read_bytes()
        for path in sorted(desk.folder.rglob("*"))
        if path.is_file() and not TRAINED & set(path.parts)
    }
    pages["/metrics"] = urllib.request.urlopen(f"{desk.url}/metrics", timeout=10).read()
    found = {
        name: [trace for trace in traces if trace.encode() in content]
        for name, content in pages.items()
    }
    return {name: some for name, some in found.items() if some}
