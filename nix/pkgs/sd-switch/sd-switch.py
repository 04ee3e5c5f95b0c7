"""Brings the running units of a user (or the system) from one folder of units to another.

Units that are gone stop. Active units that changed restart, or do what they say themselves:
`X-SwitchMethod=` (restart, reload, stop-start, keep-old), `X-RestartIfChanged=false`,
`X-ReloadIfChanged=true`, `X-StopIfChanged=true`. New units that an active target wants start.
"""

import argparse
import subprocess
import sys
from pathlib import Path

KINDS = {".service", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".slice", ".target"}


def units(folder):
    """The unit files of a folder, by name."""
    if folder is None or not folder.is_dir():
        return {}
    return {f.name: f for f in sorted(folder.iterdir()) if f.suffix in KINDS and f.is_file()}


def content(folder, name):
    """What a unit says, with its drop-ins."""
    drop_ins = sorted((folder / f"{name}.d").glob("*.conf"))
    return [f.read_bytes() for f in [folder / name, *drop_ins]]


def setting(file, key):
    """The last value of a key in the section Unit."""
    section, value = None, None
    for line in file.read_text(errors="replace").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Unit]" and line.partition("=")[0].strip() == key:
            value = line.partition("=")[2].strip()
    return value


def is_set(file, key, value):
    return (setting(file, key) or "").lower() in value


TRUE, FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


def method(file):
    """What an active unit does when it changed."""
    named = setting(file, "X-SwitchMethod")
    if named:
        return named
    if is_set(file, "X-RestartIfChanged", FALSE) or is_set(file, "RefuseManualStop", TRUE):
        return "keep-old"
    if is_set(file, "X-ReloadIfChanged", TRUE):
        return "reload"
    if is_set(file, "X-StopIfChanged", TRUE):
        return "stop-start"
    # A target holds others: stopping it would stop them.
    return "keep-old" if file.suffix in (".target", ".slice") else "restart"


def wanted(folder, active):
    """The names in folders `TARGET.wants` and `TARGET.requires` of active targets."""
    if folder is None or not folder.is_dir():
        return set()
    found = set()
    for kind in ("wants", "requires"):
        for links in folder.glob(f"*.{kind}"):
            if links.name.removesuffix(f".{kind}") in active:
                found.update(link.name for link in links.iterdir())
    return found


class Manager:
    def __init__(self, options):
        self.options = options
        self.base = ["systemctl", "--system" if options.system else "--user"]
        self.failed = False

    def active(self):
        words = ["list-units", "--all", "--plain", "--no-legend", "--no-pager"]
        lines = subprocess.run(self.base + words, stdout=subprocess.PIPE, text=True, check=True).stdout
        rows = [line.split() for line in lines.splitlines()]
        return {row[0] for row in rows if len(row) > 2 and row[2] in ("active", "activating", "reloading")}

    def do(self, verb, names=()):
        """Says and does one thing."""
        if verb != "daemon-reload" and not names:
            return
        if verb != "daemon-reload" or self.options.verbose:
            print(f"{verb}: {', '.join(sorted(names))}" if names else verb)
        if self.options.dry_run:
            return
        try:
            limit = self.options.timeout / 1000 if self.options.timeout else None
            code = subprocess.run([*self.base, verb, *sorted(names)], timeout=limit).returncode
        except subprocess.TimeoutExpired:
            print(f"sd-switch: `{verb}` takes longer than {self.options.timeout} ms", file=sys.stderr)
            code = 1
        self.failed |= code != 0


def main():
    parser = argparse.ArgumentParser(prog="sd-switch", description=__doc__)
    parser.add_argument("--old-units", type=Path, help="the folder of units until now")
    parser.add_argument("--new-units", type=Path, required=True, help="the folder of units from now on")
    parser.add_argument("--timeout", type=int, default=0, help="how long a step may take, in ms")
    parser.add_argument("-n", "--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more")
    parser.add_argument("--system", action="store_true", help="the system's units, not a user's")
    parser.add_argument("--user", action="store_true", help="a user's units (the default)")
    options = parser.parse_args()
    manager = Manager(options)
    active = manager.active()
    old, new = units(options.old_units), units(options.new_units)

    gone = {name for name in old if name not in new and name in active}
    changed = [
        name
        for name in new
        if name in old and name in active
        and content(options.old_units, name) != content(options.new_units, name)
    ]
    by_method = {}
    for name in changed:
        by_method.setdefault(method(new[name]), set()).add(name)
    again = by_method.get("stop-start", set())
    fresh = wanted(options.new_units, active) - wanted(options.old_units, active)
    start = {name for name in fresh if name not in active} | again
    start = {name for name in start if name not in new or not is_set(new[name], "RefuseManualStart", TRUE)}

    manager.do("stop", gone | again)
    manager.do("daemon-reload")
    manager.do("reload", by_method.get("reload", set()))
    manager.do("restart", by_method.get("restart", set()))
    manager.do("start", start)
    if options.verbose and by_method.get("keep-old"):
        print(f"kept: {', '.join(sorted(by_method['keep-old']))}")
    return 1 if manager.failed else 0


sys.exit(main())
