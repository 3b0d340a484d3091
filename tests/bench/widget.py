"""What the website window weighs, gzipped, beside other chat windows."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "bot" / "widget"
BAR = 20_000  # bytes
# Kilobytes, gzipped, of what a page loads for them.
OTHERS = {"rasa-webchat": 211, "deep-chat": 111}


def weights() -> dict[str, int]:
    """Bytes of each file of the widget as a server sends it."""
    return {
        path.name: len(gzip.compress(path.read_bytes(), mtime=0))
        for path in sorted(FOLDER.glob("*.js"))
    }


def comparison() -> str:
    """A table for people to read."""
    ours = sum(weights().values()) / 1000
    lines = [f"  {name:20} {size / 1000:6.1f} KB" for name, size in weights().items()]
    others = [
        f"  {name:20} {size:6.1f} KB   {size / ours:4.1f} times as much"
        for name, size in OTHERS.items()
    ]
    return "\n".join(["widget, gzipped", *lines, f"  {'in all':20} {ours:6.1f} KB", *others])


def main() -> None:
    """Print the comparison."""
    print(comparison())


if __name__ == "__main__":
    sys.exit(main())
