"""Opens a link in the user's browser, without the link's code in a command line others can read.

A browser gets its address as an argument, and `/proc` or `ps` show the arguments of a program to
every user of the machine: whoever is quicker could use the code. So the browser is given a file that
only its owner can read, and that sends it on. A browser that cannot read such a file, because it is
confined (snap, flatpak) or runs on another machine, gets the link itself, whose code is spent as soon
as the page opens.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
import webbrowser
from html import escape
from pathlib import Path

from relevanceai.runtime import open_private, private_user_folder

KEPT_S = 600.0  # as long as a code is good
_LOCAL = frozenset(
    {"brave", "chrome", "chromium", "edge", "elinks", "epiphany", "falkon", "firefox", "konqueror"}
    | {"librewolf", "links", "lynx", "midori", "opera", "palemoon", "qutebrowser", "safari"}
    | {"seamonkey", "vivaldi", "w3m", "waterfox"}
)
_OPENERS = {"gio", "gnome-open", "gvfs-open", "kde-open", "kde-open5", "xdg-open"}
_ANY_OPENERS = {"sensible-browser", "www-browser", "x-www-browser"}
_SNAPS = Path("/snap/bin")
_CONFINED = (
    Path("/var/lib/snapd/desktop/applications"),
    Path("/var/lib/flatpak/exports/share/applications"),
    Path("~/.local/share/flatpak/exports/share/applications"),
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Opening the dashboard</title>
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={link}"></head>
<body><p><a href="{link}">Open the dashboard</a></p></body></html>
"""


def open_link(link: str) -> bool:
    """Open `link` in the user's browser; False when there is none that has a window."""
    has_window = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if not has_window:
        return False
    try:
        file = write_redirect(link) if browser_reads_files() else None
        is_open = webbrowser.open(link if file is None else file.as_uri())
    except (webbrowser.Error, OSError):
        return False
    if file is not None and not is_open:
        file.unlink(missing_ok=True)
    return is_open


def write_redirect(link: str) -> Path | None:
    """Write a file, for its owner only, that sends a browser on to `link`.

    Files of earlier calls go, ten minutes after they were written. None when there is no private
    folder for it.
    """
    folder = private_user_folder()
    if folder is None:
        return None
    sweep_redirects()
    path = folder / f"open-{secrets.token_urlsafe(12)}.html"
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(link=escape(link, quote=True)))
    except OSError:
        return None
    return path


def sweep_redirects() -> None:
    """Remove the files of `write_redirect` that are older than ten minutes."""
    folder = private_user_folder()
    for path in folder.glob("open-*.html") if folder is not None else ():
        with contextlib.suppress(OSError):  # another process sweeps too
            if time.time() - path.lstat().st_mtime > KEPT_S:
                path.unlink()


def browser_reads_files() -> bool:
    """True when the browser that would open runs on this machine and may read the user's files.

    Raises
    ------
    webbrowser.Error
        There is no browser.
    """
    if sys.platform in {"darwin", "win32"} and not os.environ.get("BROWSER"):
        return True
    if os.environ.get("WSL_DISTRO_NAME"):  # the browser is that of Windows
        return False
    named = os.environ.get("BROWSER", "").split(os.pathsep)
    names = [command.split()[0] for command in named if command.strip()]
    if not names:
        names = [str(getattr(webbrowser.get(), "name", ""))]
    return all(_reads_files(name) for name in names)


def _reads_files(command: str) -> bool:
    """True when a browser, or what opens the user's usual one, reads files."""
    name = Path(command).name.lower()
    if name in _OPENERS:
        return not _is_confined_entry(_usual_browser())
    real = os.path.realpath(shutil.which(command) or command).lower()
    known = [each for each in _LOCAL if each in f"{name} {Path(real).name}"]
    if not known and name not in _ANY_OPENERS:
        return False  # a script, perhaps, that opens the browser of another machine
    is_named_so = any(word in f"{command.lower()} {real}" for word in ("snap", "flatpak"))
    # A distribution may put a script in the place of a program that has moved into a snap.
    return not is_named_so and not any((_SNAPS / each).exists() for each in known)


def _usual_browser() -> str:
    """Return the desktop's name for the user's browser, or nothing."""
    try:
        words = ["xdg-settings", "get", "default-web-browser"]
        asked = subprocess.run(words, capture_output=True, timeout=3, text=True, check=False)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return Path(asked.stdout.strip()).name


def _is_confined_entry(entry: str) -> bool:
    if not entry:
        return False
    in_name = any(word in entry.lower() for word in ("snap", "flatpak"))
    return in_name or any((folder.expanduser() / entry).exists() for folder in _CONFINED)
