"""The house rules that can be counted: sizes, names, docstrings, imports, decisions, pins."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "custagent"
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_DECISION_LINES = 60

#: Words that say nothing, or that say the wrong thing (design.md, Core values).
FORBIDDEN_MODULES = {"bot", "ticket", "customer", "manager", "utils", "util", "helpers", "helper", "common", "misc"}
FORBIDDEN_MODULES |= {"data", "info"}
#: The one module for which such a word is the plain name: the converter of csv, json and xml (design.md).
PLAINLY_NAMED = {"src/custagent/knowledge/convert/data.py"}
FORBIDDEN_IN_NAMES = {"bot", "ticket", "manager", "utils", "helper", "helpers", "misc"}
#: The file of each `except Exception` that goes on; only a task's boundary in the runner may ever stand here.
BROAD_EXCEPTS = [
    f"src/custagent/{task}.py"
    for task in (
        "channels/aside",
        "runtime/kinds/mail",
        "runtime/runner/answering",
        "runtime/runner/delivery",
        "runtime/runner/fetching",
        "runtime/runner/kinds_work",
        "runtime/runner/notifications",
        "runtime/runner/recapping",
        "runtime/runner/showing_work",
        "runtime/waiting",
    )
]

#: Imported, but declared under another name: "module": dependency that brings it.
BROUGHT = {"brotli": "httpx", "zstandard": "httpx", "httpcore": "httpx", "pydantic_core": "pydantic"}
#: Needed without an import of ours: faster engines for snowballstemmer and uvicorn, and time zones for `zoneinfo`.
UNSEEN = {"httptools", "pystemmer", "tzdata"}

#: One machine's folders, and hosts that serve packages.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|farm|tmp)/|/opt/(?:pypi|wheels)")
INDEX_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|download\.pytorch")


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The rule: from the first statement after the docstring to the last line, blank lines and comments included.

    The signature does not count, for a command's options are declarations. What is nested counts for both.
    """
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches whatever comes and goes on: one that cleans up and ends in `raise` does not."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        one is None or (isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"}) for one in caught
    )


def run_time_imports(node: ast.AST) -> Iterator[str]:
    """Top-level packages that are imported when the module or its functions run: `if TYPE_CHECKING:` is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield (child.module or "").partition(".")[0]
        yield from run_time_imports(child)


def words(identifier: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normalized(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def kept_files(require) -> list[Path]:
    """What git tracks, or would with `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    require("git", listed.returncode == 0, "the files that are kept are read from a git checkout")
    return [path for line in listed.stdout.split("\0") if line and (path := ROOT / line).is_file()]


def test_no_file_is_too_long() -> None:
    lengths = {
        name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in python_files("src", "tests", "benchmarks")
    }
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name(path)}:{function.lineno} {function.name}": function_lines(function)
        for path in python_files("src", "tests", "benchmarks")
        for function in functions(tree(path))
    }
    assert {where: lines for where, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_the_length_of_a_function_is_its_body_without_docstring() -> None:
    source = 'def f(\n    a,\n    b,\n):\n    """One\n\n    two."""\n    # why\n    c = a\n\n    return b + c\n'
    assert [function_lines(function) for function in functions(ast.parse(source))] == [3]


def test_modules_are_named_by_a_noun_that_says_something() -> None:
    assert {name(path) for path in python_files("src") if path.stem in FORBIDDEN_MODULES} <= PLAINLY_NAMED
    assert {name(p) for p in SRC.rglob("*") if p.is_dir() and p.name in FORBIDDEN_MODULES} == set()


def test_classes_and_functions_keep_to_the_words_of_the_house() -> None:
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    assert {
        f"{name(path)}:{node.lineno} {node.name}"
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, named) and words(node.name) & FORBIDDEN_IN_NAMES
    } == set()


def test_words_are_split_at_underscores_and_capitals() -> None:
    assert words("HTTPBot_ticketInfo") == {"http", "bot", "ticket", "info"}
    assert words("robots_txt") == {"robots", "txt"}


def test_no_error_is_caught_without_its_name() -> None:
    caught = [
        name(path)
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert caught == BROAD_EXCEPTS


@pytest.mark.parametrize("clause", ["except:", "except Exception:", "except (OSError, BaseException) as error:"])
def test_a_broad_except_is_seen(clause: str) -> None:
    handlers = [
        node
        for node in ast.walk(ast.parse(f"try:\n    f()\n{clause}\n    pass\n"))
        if isinstance(node, ast.ExceptHandler)
    ]
    assert [is_broad(handler) for handler in handlers] == [True]


def test_cleaning_up_before_passing_an_error_on_is_no_broad_except() -> None:
    parsed = ast.parse("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n")
    assert [is_broad(node) for node in ast.walk(parsed) if isinstance(node, ast.ExceptHandler)] == [False]


def test_every_module_says_what_it_is_for() -> None:
    assert {name(path) for path in python_files("src") if not ast.get_docstring(tree(path))} == set()


def test_every_folder_of_modules_is_a_package() -> None:
    assert {name(path.parent) for path in python_files("src") if not (path.parent / "__init__.py").is_file()} == set()


def test_the_core_stands_on_the_standard_library_and_pydantic_alone() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "pydantic_core", "custagent"}
    imported = {
        (name(path), package) for path in python_files("src/custagent/core") for package in run_time_imports(tree(path))
    }
    assert {(path, package) for path, package in imported if package not in allowed} == set()
    assert ("src/custagent/core/written.py", "pydantic") in imported


def test_imports_go_down_only(require) -> None:
    program = Path(sys.executable).with_name("lint-imports")
    require("import-linter", program.is_file(), "it comes with the dependency group `layers`")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_kept_files_name_no_machine_and_no_index(require) -> None:
    found = []
    for path in kept_files(require):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in (MACHINE_PATHS, INDEX_HOSTS):
            found += [f"{name(path)}: {hit.group()}" for hit in pattern.finditer(text)]
    assert found == []


def test_decisions_are_numbered_without_gaps_and_fit_a_screen() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert decisions
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MAX_DECISION_LINES, path.name
        assert re.findall(r"(?m)^## (.+)$", text) == ["Context", "Choice", "Consequence", "Measured"], path.name
        assert path.name in (ROOT / "docs" / "README.md").read_text(encoding="utf-8")


def test_every_dependency_has_a_line_of_reasons() -> None:
    told = (ROOT / "docs" / "decisions" / "0003-dependencies.md").read_text(encoding="utf-8")
    table = project()["project"]
    wanted = table["dependencies"] + [one for extra in table["optional-dependencies"].values() for one in extra]
    assert {normalized(one) for one in wanted} == set(re.findall(r"(?m)^\| `([a-z0-9-]+)` \|", told))


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    foreign = {package for path in python_files("src") for package in run_time_imports(tree(path))}
    foreign -= sys.stdlib_module_names | {"custagent", ""}
    distributions = {module: {normalized(one) for one in names} for module, names in packages_distributions().items()}
    needed = {BROUGHT.get(module) or min(distributions.get(module, {normalized(module)})) for module in foreign}
    table = project()["project"]
    extras = {normalized(one) for extra in table["optional-dependencies"].values() for one in extra}
    declared = {normalized(one) for one in table["dependencies"]}
    assert needed - extras == declared - UNSEEN


def test_every_dependency_is_pinned_with_hashes() -> None:
    pinned = re.findall(
        r"(?m)^([a-z0-9-]+)==(\S+)(.*(?:\n +--hash=sha256:[0-9a-f]{64}.*)*)", (ROOT / "constraints.txt").read_text()
    )
    names = {pin for pin, _, _ in pinned}
    table = project()
    wanted = {
        normalized(r) for rs in (table["project"]["dependencies"], *table["dependency-groups"].values()) for r in rs
    }
    assert wanted <= names
    assert {pin for pin, _, rest in pinned if "--hash" not in rest} == set()
    assert names.isdisjoint({"torch", "sentence-transformers"})
    assert ("litellm", "1.107.0") not in {(pin, version) for pin, version, _ in pinned}
    assert any(r.startswith("litellm") and "!=1.107.0" in r for r in table["project"]["dependencies"])
