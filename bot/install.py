"""Set up the environment: `python3 bot/install.py [--tests]`.

Runs before anything is installed, on whatever Python 3 the machine has, so it
uses the standard library alone.  It finds (or has uv fetch) Python 3.10, makes
`.venv` and installs the locked packages; where that is already so, it returns
at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
NO_PYTHON = """
Ieum needs Python 3.10, because Rasa's last open-source line runs on nothing newer.
None was found on this machine, and uv could not fetch one. Any of these helps:
  - pyenv install 3.10
  - a system package such as python3.10 and python3.10-venv
  - IEUM_PYTHON=/path/to/python3.10 make run
"""
NO_BROWSER = """
The browser tests need Chromium, and it could not be installed here.
As an administrator:  apt-get install chromium fonts-noto-cjk fonts-noto-core
"""


def main() -> int:
    tests = "--tests" in sys.argv[1:]
    lock = ROOT / ("requirements-test.lock" if tests else "requirements.lock")
    wanted = fingerprint(lock)
    stamp = VENV / "installed"
    have = stamp.read_text().split() if stamp.exists() else []
    if wanted not in have:
        uv = find_uv()
        if not (VENV / "bin" / "python").exists():
            make_venv(uv)
        say("Installing the packages (about a minute the first time) ...")
        run(uv, "pip", "sync", "--quiet", "--python", str(VENV), str(lock))
        run(uv, "pip", "install", "--quiet", "--python", str(VENV), "--no-deps", "-e", str(ROOT))
        # The test environment holds all that the desk needs, so it serves for both.
        both = [wanted, fingerprint(ROOT / "requirements.lock")]
        stamp.write_text("\n".join(both if tests else [wanted]))
    if tests and not find_browser():
        install_browser()
    return 0


def fingerprint(lock: Path) -> str:
    made_from = (lock, ROOT / "pyproject.toml", Path(__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()


def find_uv() -> str:
    """uv from .tools, from PATH, or installed into .tools with the machine's own pip."""
    local = TOOLS / "bin" / "uv"
    if local.exists():
        return str(local)
    found = shutil.which("uv")
    if found and works(found, "--version"):
        return found
    say("Installing uv, which installs everything else ...")
    # --target is allowed where Debian marks its Python as externally managed.
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS), "uv")
    return str(local)


def make_venv(uv: str, folder: Path = VENV) -> None:
    for python in python_candidates():
        if works(python, "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 10))"):
            run(uv, "venv", "--quiet", "--python", python, str(folder))
            return
    say("No Python 3.10 here; asking uv to fetch one ...")
    if subprocess.run([uv, "venv", "--quiet", "--python", "3.10", str(folder)]).returncode:
        sys.exit(NO_PYTHON)


def python_candidates() -> list[str]:
    """Places where a Python 3.10 may be, the operator's own choice first."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [os.environ.get("IEUM_PYTHON"), shutil.which("python3.10"), sys.executable]
    found += [str(p) for p in sorted(pyenv.glob("versions/3.10*/bin/python"), reverse=True)]
    return [p for p in found if p]


def find_browser() -> str | None:
    return (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )


def install_browser() -> None:
    say("Installing Chromium and fonts for the browser tests ...")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    packages = ["chromium", "fonts-noto-cjk", "fonts-noto-core"]
    for command in (["update", "-q"], ["install", "-y", "-q", *packages]):
        try:
            done = subprocess.run([*sudo, "apt-get", *command], stdout=subprocess.DEVNULL)
        except FileNotFoundError:
            sys.exit(NO_BROWSER)
        if done.returncode:
            sys.exit(NO_BROWSER)


def works(*command: str) -> bool:
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(command, stdout=quiet, stderr=quiet).returncode == 0
    except OSError:
        return False


def run(*command: str) -> None:
    if subprocess.run(command).returncode:
        sys.exit(f"\nThis command failed, see above: {' '.join(command)}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
