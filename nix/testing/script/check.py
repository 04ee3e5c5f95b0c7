"""Looks for mistakes in a test script before anything starts: types by mypy, names and the like by pyflakes.

Reads its task from the environment: `script` (a file), `machines` and `vlans` (names of variables, with spaces
between), `stubs` (folder of the types of what a script finds), `cache` (what mypy knows already), and `skipTypes`,
`skipLint`. What it finds goes to standard error, each with the script's own line.
"""

import ast
import importlib.util
import json
import os
import re
import symtable
import sys
from pathlib import Path

NAME = "testScript"
OPTIONS = [
    "--cache-dir=cache",
    "--skip-cache-mtime-checks",
    "--no-implicit-optional",
    "--no-site-packages",
    "--ignore-missing-imports",
    "--check-untyped-defs",
    "--show-column-numbers",
    "--show-error-codes",
    "--hide-error-context",
    "--no-pretty",
    "--no-error-summary",
    "--no-color-output",
]
# Of what is in functions without types, only calls of machines are sure to be meant as they stand.
SURE = re.compile(r'"Machine"')
LINE = re.compile(rf"(?:{NAME}\.py):(\d+):(\d+): (error|note): (.*)$")


class Mistake:
    def __init__(self, line, column, text):
        self.line, self.column, self.text = line, column, text

    def show(self, lines):
        source = lines[self.line - 1] if 0 < self.line <= len(lines) else ""
        number = str(self.line)
        tabs = re.sub(r"[^\t]", " ", source[: self.column])
        return f"{NAME}, line {number}: {self.text}\n {number} | {source}\n {' ' * len(number)} | {tabs}^"


def main():
    script = Path(os.environ["script"]).read_text()
    lines = script.splitlines()
    try:
        tree = ast.parse(script, NAME)
    except SyntaxError as error:
        text = f"syntax error: {error.msg}"
        return report([Mistake(error.lineno or 1, max((error.offset or 1) - 1, 0), text)], lines)
    machines = os.environ["machines"].split()
    vlans = os.environ["vlans"].split()
    offered = stub_names() | set(machines) | set(vlans)
    found = []
    if not os.environ.get("skipTypes"):
        found += wrong_types(script, tree, machines, vlans)
    if not os.environ.get("skipLint"):
        found += missing_modules(tree) + lint(tree, offered)
    report(found, lines)


def report(found, lines):
    if not found:
        return
    told = {}
    for mistake in sorted(found, key=lambda mistake: (mistake.line, mistake.column)):
        told.setdefault((mistake.line, mistake.column), mistake)
    count = "a mistake" if len(told) == 1 else f"{len(told)} mistakes"
    print(f"the test script has {count}:", file=sys.stderr)
    for mistake in told.values():
        print(mistake.show(lines), file=sys.stderr)
    print("note: `skipTypeCheck` and `skipLint` of the test turn these checks off", file=sys.stderr)
    sys.exit(1)


def stub_names():
    tree = ast.parse((Path(os.environ["stubs"]) / "firn_test.pyi").read_text())
    names = {"os"}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets)
    return names - {"Duration"}


# Types


def own_names(script):
    """What the script binds for itself at its top."""
    bound, tables = set(), [symtable.symtable(script, NAME, "exec")]
    top = tables[0]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            if binds and (table is top or symbol.is_declared_global()):
                bound.add(symbol.get_name())
    return bound


def wrong_types(script, tree, machines, vlans):
    own = own_names(script)
    offered = sorted(stub_names() - own)
    machine_type, vlan_type = "_FirnMachine", "_FirnVlan"
    first = [f"from firn_test import Machine as {machine_type}, Vlan as {vlan_type}, {', '.join(offered)}"]
    first += [f"{name}: {machine_type}" for name in machines if name not in own]
    first += [f"{name}: {vlan_type}" for name in vlans if name not in own]
    ahead = future_lines(tree)
    texts = script.splitlines(keepends=True)
    # One line more, after what must stand at the beginning; nothing else of the script moves.
    text = "".join(texts[:ahead]) + "; ".join(first) + "\n" + "".join(texts[ahead:])
    Path(f"{NAME}.py").write_text(text)
    output = run_mypy([f"{NAME}.py"])
    untyped = untyped_lines(tree)
    found = []
    for line in output.splitlines():
        match = LINE.match(line)
        if match is None:
            if found and not line.startswith(NAME):
                found[-1].text += f"\n  {line}"
            continue
        number, column, kind, words = int(match[1]), int(match[2]) - 1, match[3], match[4]
        number -= number > ahead
        if kind == "note":
            if found and found[-1].line == number and "See https:" not in words:
                found[-1].text += f"\n  {words}"
        elif number not in untyped or SURE.search(words):
            words = re.sub(r"\s+\[[a-z-]+\]$", "", words)
            found.append(Mistake(number, column, words.replace(machine_type, "Machine").replace(vlan_type, "Vlan")))
    return found


def future_lines(tree):
    ends = [
        node.end_lineno for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    return max(ends, default=0)


def untyped_lines(tree):
    """Lines in functions that say nothing of types; the reference does not look at them at all."""
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            if node.returns is None and all(argument.annotation is None for argument in given):
                lines.update(range(node.body[0].lineno, node.end_lineno + 1))
    return lines


def run_mypy(files):
    os.environ["MYPYPATH"] = os.environ["stubs"]
    if os.environ.get("cache"):
        OPTIONS[0] = f"--cache-dir={os.environ['cache']}"
    from mypy import api

    output, problems, _ = api.run(OPTIONS + files)
    if problems:
        sys.exit(f"mypy could not check the script:\n{problems}")
    return output


# Names and modules


def lint(tree, offered):
    from pyflakes.checker import Checker

    found = []
    for message in Checker(tree, NAME, builtins=offered).messages:
        found.append(Mistake(message.lineno, message.col, message.message % message.message_args))
    return found


def missing_modules(tree):
    """Imports that must fail; what stands in a `try` may."""
    tried = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) in tried:
            continue
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        for module in modules:
            top = module.partition(".")[0]
            if top != "test_driver" and importlib.util.find_spec(top) is None:
                text = f"there is no module '{top}'; `extraPythonPackages` of the test adds modules"
                found.append(Mistake(node.lineno, node.col_offset, text))
    return found


# What mypy knows of the standard library, kept so that a check takes a fraction of a second


def keep(out):
    modules = os.environ["modules"].split()
    Path(f"{NAME}.py").write_text("from firn_test import *\nimport test_driver.efi\nimport test_driver.errors\nimport " + ", ".join(modules) + "\n")
    os.environ["cache"] = out
    output = run_mypy([f"{NAME}.py"])
    if "error:" in output:
        sys.exit(output)
    for path in Path(out).rglob("*.json"):
        if path.name.startswith(NAME):
            path.unlink()
        elif path.name.endswith(".meta.json"):
            meta = json.loads(path.read_text())
            # Times of the build would make each build of this another one.
            meta["mtime"] = meta["data_mtime"] = 1
            path.write_text(json.dumps(meta))


if len(sys.argv) > 1:
    keep(sys.argv[1])
else:
    main()
    Path(os.environ["out"]).touch()
