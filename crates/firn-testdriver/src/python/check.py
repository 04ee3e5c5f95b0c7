"""Looks for mistakes in a test script before any machine starts."""

import ast
import builtins
import difflib
import symtable


def check(setup, names, machines, attributes):
    script = setup["script"]
    try:
        tree = ast.parse(script, "testScript")
    except SyntaxError as error:
        return [mistake(error.lineno or 1, (error.offset or 1) - 1, f"syntax error: {error.msg}")]
    found = []
    if setup["lint"]:
        found += undefined_names(script, tree, names)
    if setup["type_check"]:
        signatures = {m["name"]: Signature(m) for m in setup["methods"]["machine"]}
        found += wrong_calls(tree, machines, attributes, signatures)
    return sorted(found, key=lambda m: (m["line"], m["column"]))


def mistake(line, column, message):
    return {"line": line, "column": column, "message": message}


def hint(name, known):
    near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], 1)
    return f"; did you mean '{near[0]}'?" if near else ""


# Names


def undefined_names(script, tree, names):
    top = symtable.symtable(script, "testScript", "exec")
    known = set(dir(builtins)) | set(names) | assigned(top) | {"__file__", "__doc__", "__annotations__"}
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree)):
        return []
    missing = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            outside = table is top or symbol.is_global()
            if outside and symbol.is_referenced() and symbol.get_name() not in known:
                missing.add(symbol.get_name())
    return [
        mistake(node.lineno, node.col_offset, f"the name '{node.id}' is not defined{hint(node.id, known)}")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in missing
    ]


def assigned(top):
    names = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            if bound and (table is top or symbol.is_declared_global()):
                names.add(symbol.get_name())
    return names


# Calls of machines


class Signature:
    def __init__(self, method):
        self.names, self.kinds, self.required, self.rest = [], {}, set(), None
        self.keyword_only = set()
        for part in filter(None, method["signature"].split(", ")):
            head, _, default = part.partition(" = ")
            name, _, kind = head.partition(": ")
            if name.startswith("*"):
                self.rest = name[1:]
                self.kinds[self.rest] = kind
                continue
            self.names.append(name)
            self.kinds[name] = kind
            if not default:
                self.required.add(name)
            if self.rest:
                self.keyword_only.add(name)

    def problem(self, call):
        if any(isinstance(arg, ast.Starred) for arg in call.args) or any(k.arg is None for k in call.keywords):
            return None
        positional = [name for name in self.names if name not in self.keyword_only]
        given = set()
        for index, arg in enumerate(call.args):
            if index < len(positional) and not self.rest:
                name = positional[index]
            elif self.rest:
                name = self.rest
            else:
                return arg, f"too many arguments: it takes at most {len(positional)}"
            given.add(name)
            if not fits(self.kinds[name], arg):
                return arg, f"the argument '{name}' must be {WORDS[self.kinds[name].rstrip('?')]}"
        for keyword in call.keywords:
            if keyword.arg not in self.names:
                return keyword.value, f"there is no argument '{keyword.arg}'{hint(keyword.arg, self.names)}"
            if keyword.arg in given:
                return keyword.value, f"the argument '{keyword.arg}' is given twice"
            given.add(keyword.arg)
            if not fits(self.kinds[keyword.arg], keyword.value):
                return keyword.value, f"the argument '{keyword.arg}' must be {WORDS[self.kinds[keyword.arg].rstrip('?')]}"
        missing = [name for name in self.names if name in self.required and name not in given]
        if missing:
            return call, f"the argument '{missing[0]}' is missing"
        return None


WORDS = {
    "str": "a string",
    "int": "a whole number",
    "bool": "True or False",
    "duration": "a timedelta or a number of seconds",
    "function": "a function",
}


def fits(kind, node):
    """False only for literals that are certainly of another type."""
    if isinstance(node, ast.JoinedStr):
        return kind.rstrip("?") in ("str", "any")
    if not isinstance(node, ast.Constant):
        return True
    value, plain = node.value, kind.rstrip("?")
    if value is None:
        return kind.endswith("?") or plain == "any"
    if plain == "str":
        return isinstance(value, str)
    if plain == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if plain == "bool":
        return isinstance(value, bool)
    if plain == "duration":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain != "function"


def wrong_calls(tree, machines, attributes, signatures):
    rebound = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    } | {arg.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for arg in all_arguments(node)}
    sure = machines - rebound
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in sure:
            if node.attr not in attributes and isinstance(node.ctx, ast.Load):
                text = f"machines have no method '{node.attr}'{hint(node.attr, attributes)}"
                found.append(mistake(node.lineno, node.value.end_col_offset + 1, text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            signature = signatures.get(node.func.attr)
            if isinstance(owner, ast.Name) and owner.id in sure and signature:
                problem = signature.problem(node)
                if problem:
                    place, text = problem
                    found.append(mistake(place.lineno, place.col_offset, f"{node.func.attr}(): {text}"))
    return found


def all_arguments(arguments):
    rest = [a for a in (arguments.vararg, arguments.kwarg) if a]
    return arguments.posonlyargs + arguments.args + arguments.kwonlyargs + rest
