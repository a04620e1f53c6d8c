"""The rules of the source tree, each as a function: a package's folder -> the lines that break it.

They read the code and do not run it, so they also see an import inside a function. A line that
breaks a rule is reported as `path:line: what is wrong`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "interlock"
FACE = "__init__"  # the package's own __init__.py: the public names

# A module imports only from a row above its own. Those in one row do not import each other.
LAYERS = (
    ("engine",),
    (FACE,),
    ("session_types", "agents", "exporters", "diagrams"),
    ("drawing",),
    ("config", "pricing", "replacement"),
    ("secrets",),
    ("plugins",),
    ("store",),
    ("environments",),
    ("sessions", "accounts", "database"),
    ("cli",),
    ("__main__",),
    ("testing",),  # the last: nothing that is not a test imports it
)
ROW = {unit: row for row, units in enumerate(LAYERS) for unit in units}

PURE = ("engine", "session_types", "agents", "exporters", "diagrams", "drawing")
# Nothing here reads a clock, draws a random number, or touches a disk, a network or a process.
PURE_IMPORTS = (
    *("__future__", "abc", "attr", "attrs", "base64", "bisect", "collections", "contextlib"),
    *("copy", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "graphlib"),
    *(
        "hashlib",
        "heapq",
        "html",
        "inspect",
        "itertools",
        "json",
        "math",
        "operator",
        "orjson",
        "re",
    ),
    *("reprlib", "shlex", "string", "textwrap", "transitions", "types", "typing", "unicodedata"),
)
IMPURE_CALLS = ("__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print")
CLOCK_READS = ("now", "today", "utcnow")

CONFINED = {
    **dict.fromkeys(("cattrs", "peewee", "playhouse", "psycopg"), "store"),
    **dict.fromkeys(("procrastinate", "psycopg_pool"), "sessions"),
    "transitions": "engine",
}
DELIVERY = ("cli", "__main__")
HEAVY = ("cattrs", "peewee", "playhouse", "rich", "transitions", f"{PACKAGE}.store")

VAGUE_NAMES = ("base", "common", "helper", "helpers", "manager", "misc", "util", "utils")
MAX_FILE = 300  # lines
MAX_FUNCTION = 60  # lines
# A step of a session type is told by the table above it and the command that it returns.
PLAIN_METHODS = ("session_types",)
PLAIN_CLASSES = ("Meta",)  # where peewee reads a table's options

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(root: Path) -> Iterator[tuple[Path, str]]:
    """Every module of the package, with the unit (a name in `LAYERS`) it belongs to."""
    for path in sorted(root.rglob("*.py")):
        yield path, path.relative_to(root).with_suffix("").parts[0]


def imports(tree: ast.AST, path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Every imported name with its line: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = (PACKAGE, *path.relative_to(root).parent.parts)
            above = origin[: len(origin) - node.level + 1] if node.level else ()
            source = ".".join((*above, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def imported_unit(name: str, root: Path) -> str | None:
    """The unit that an imported name comes from; None if it is not of this package."""
    top, *rest = name.split(".")
    if top != PACKAGE:
        return None
    unit = rest[0] if rest else FACE
    known = unit in ROW or (root / unit).is_dir() or (root / f"{unit}.py").is_file()
    return unit if known else FACE


def check_layers(root: Path) -> list[str]:
    """Imports of a module that is not above, and modules that have no place in `LAYERS`."""
    wrong = []
    for path, unit in modules(root):
        if unit not in ROW:
            wrong.append(f"{path}:1: {unit} has no layer: give it a place in LAYERS")
            continue
        for line, name in imports(ast.parse(path.read_text()), path, root):
            source = imported_unit(name, root)
            if source is None or source == unit:
                continue
            if ROW.get(source, len(LAYERS)) >= ROW[unit]:
                wrong.append(f"{path}:{line}: {unit} must not import {source}")
    return wrong


def check_purity(root: Path) -> list[str]:
    """What reaches outside the process, or reads its clock, in a layer that must be pure."""
    wrong = []
    for path, unit in modules(root):
        if unit not in PURE:
            continue
        tree = ast.parse(path.read_text())
        for line, name in imports(tree, path, root):
            if name.split(".")[0] not in (*PURE_IMPORTS, PACKAGE):
                wrong.append(f"{path}:{line}: {name} is not known to be pure")
        wrong += [f"{path}:{line}: {what}" for line, what in _impure_uses(tree)]
    return wrong


def _impure_uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    dates = {"datetime", "date"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            dates |= {a.asname for a in node.names if a.asname and a.name in ("datetime", "date")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in IMPURE_CALLS:
                yield node.lineno, f"{node.func.id}() is not pure"
        elif isinstance(node, ast.Attribute) and node.attr in CLOCK_READS:
            owner = node.value
            word = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)
            if word in dates:
                yield node.lineno, f"{word}.{node.attr} reads the clock"


def check_confinement(root: Path) -> list[str]:
    """Imports of a library outside the only layer that may know of it."""
    return [
        f"{path}:{line}: only {home} may import {name.split('.')[0]}"
        for path, unit in modules(root)
        for line, name in imports(ast.parse(path.read_text()), path, root)
        if (home := CONFINED.get(name.split(".")[0])) and home != unit
    ]


def check_light_start(root: Path) -> list[str]:
    """Heavy modules that the command line loads before it knows that it needs them."""
    return [
        f"{path}:{line}: import {name} inside the function that needs it"
        for path, unit in modules(root)
        if unit in DELIVERY
        for statement in _run_at_import(ast.parse(path.read_text()).body)
        for line, name in imports(statement, path, root)
        if any(name == heavy or name.startswith(f"{heavy}.") for heavy in HEAVY)
    ]


def _run_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, Function):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _run_at_import(node.orelse)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            for part in ("body", "orelse", "finalbody"):
                yield from _run_at_import(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _run_at_import(handler.body)


def check_names(root: Path) -> list[str]:
    """Modules and folders whose name does not say what they hold."""
    return [
        f"{path}:1: the name {path.stem} says nothing: name what it holds"
        for path in sorted(root.rglob("*"))
        if path.stem in VAGUE_NAMES and (path.is_dir() or path.suffix == ".py")
    ]


def check_sizes(root: Path) -> list[str]:
    """Files and functions that are too long to be read at once."""
    wrong = []
    for path, _ in modules(root):
        text = path.read_text()
        if (lines := len(text.splitlines())) > MAX_FILE:
            wrong.append(f"{path}:1: {lines} lines, at most {MAX_FILE}")
        functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, Function))
        for node in functions:
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                place = f"{path}:{node.lineno}: {node.name}"
                wrong.append(f"{place} has {length} lines, at most {MAX_FUNCTION}")
    return wrong


def check_docstrings(root: Path) -> list[str]:
    """Public modules, classes, functions and methods without a docstring.

    A numbered migration has no public names: it cannot be imported by name.
    """
    wrong = []
    for path, unit in modules(root):
        tree = ast.parse(path.read_text())
        if tree.body and not ast.get_docstring(tree):
            wrong.append(f"{path}:1: the module has no docstring")
        wrong += [
            f"{path}:{node.lineno}: {node.name} has no docstring"
            for node in _public(tree, methods=unit not in PLAIN_METHODS)
            if path.stem.isidentifier() and not ast.get_docstring(node)
        ]
    return wrong


def _public(
    parent: ast.Module | ast.ClassDef, *, methods: bool
) -> Iterator[Function | ast.ClassDef]:
    for node in parent.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            if node.name in PLAIN_CLASSES:
                continue
            yield node
            yield from _public(node, methods=methods)
        elif (methods or isinstance(parent, ast.Module)) and not _repeats(node):
            yield node


def _repeats(node: Function) -> bool:
    """True of an overload or a setter: what it repeats has the docstring."""
    marks = [ast.unparse(mark).split(".")[-1] for mark in node.decorator_list]
    return any(mark in ("overload", "setter", "deleter") for mark in marks)
