"""The virtual environment, made and kept up to date before anything else runs.

Runs with whatever Python the machine has and the standard library alone. A stamp is
written last, so an interrupted installation is taken up again by the next start.
"""

import fcntl
import hashlib
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = ROOT / ".paycore"
VENV = HIDDEN / "venv"
PYTHON = VENV / "bin" / "python"
OLDEST_PYTHON = (3, 11)
REQUIREMENTS = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}


def main() -> int:
    kind = sys.argv[1]
    if sys.version_info < OLDEST_PYTHON:
        return complain(
            "paycore needs Python 3.11 or newer; this is {}.{}. Install it, or say"
            " where it is: make PYTHON=/path/to/python3.11 ...".format(
                *sys.version_info
            )
        )
    HIDDEN.mkdir(exist_ok=True)
    # Two starts at once must not install into one environment at the same time.
    with (HIDDEN / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp(kind).is_file() and stamp(kind).read_text() == wanted(kind):
            return 0
        return prepare(kind)


def prepare(kind: str) -> int:
    # One that was made elsewhere, or by another Python, cannot be repaired.
    origin = VENV / "made-as"
    identity = f"{VENV} {sys.version}"
    if not origin.is_file() or origin.read_text() != identity:
        say("Creating the virtual environment in .paycore/venv")
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", VENV],
            # Ctrl-C reaches it too, and its traceback would say nothing to a person.
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if made.returncode:
            return complain(
                f"{made.stderr}Python could not make a virtual environment. On Debian"
                " and Ubuntu, install the package python3-venv."
            )
        origin.write_text(identity)
    if not install(REQUIREMENTS[kind]):
        return 1
    stamp(kind).write_text(wanted(kind))
    return 0


def install(requirements: str) -> bool:
    """Install what the file names, telling how far it is."""
    pins = (ROOT / requirements).read_text().splitlines()
    total = sum("==" in pin for pin in pins)
    say(f"Installing {total} packages of {requirements}")
    started = time.monotonic()
    # Without the user's configuration of colours and bars, so lines can be read.
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar=off", "-r", str(ROOT / requirements)]
    last_lines: deque[str] = deque(maxlen=30)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        done = 0
        for line in pip.stdout or ():
            last_lines.append(line)
            if line.startswith(("Collecting", "Requirement already")):
                done += 1
                show_progress(done, total)
            elif line.startswith("Installing collected"):
                say("Unpacking them")
    if pip.returncode:
        complain("".join(last_lines) + "pip could not install the packages; see above.")
        return False
    say(f"Installed in {time.monotonic() - started:.0f} s")
    return True


def show_progress(done: int, total: int) -> None:
    if sys.stdout.isatty():
        print(f"\r  {min(done, total)}/{total}", end="", flush=True)
        if done == total:
            print("\r", end="")
    elif done % 20 == 0:
        say(f"  {done}/{total}")


def stamp(kind: str) -> Path:
    return VENV / f"installed-{kind}"


def wanted(kind: str) -> str:
    """What the stamp says when the environment is as the requirements want it."""
    requirements = (ROOT / REQUIREMENTS[kind]).read_bytes()
    return f"{VENV} {sys.version} {hashlib.sha256(requirements).hexdigest()}"


def say(text: str) -> None:
    print(text, flush=True)


def complain(text: str) -> int:
    print(text, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted. The next start goes on from here.")
