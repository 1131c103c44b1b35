"""What is written in sentences outside of claims: theory pages and captions."""

import ast
import re
from pathlib import Path

import solvable

SOURCE = Path(solvable.__file__).parent
ROOT = Path(__file__).parents[3]


def pages():
    """Sentences of the theory pages, by page: what is neither code nor LaTeX."""
    for page in sorted((ROOT / "docs" / "theory").glob("*.md")):
        apart = r"(\$\$.*?\$\$|^```.*?^```$|`[^`]*`|\$[^$]*\$|^    .*?$)"
        yield page.stem, re.split(apart, page.read_text(), flags=re.M | re.S)[::2]


def captions():
    """Sentences of every figure's caption: text as it is, numbers as 0."""
    for path in sorted((SOURCE / "figures").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name == "caption":
                inside = {id(part) for node in ast.walk(function) if isinstance(node, ast.JoinedStr)
                          for part in ast.walk(node)}  # fmt: skip
                for node in ast.walk(function):
                    if isinstance(node, ast.JoinedStr):
                        yield path.name, "".join(getattr(part, "value", 0) if isinstance(part, ast.Constant) else "0"
                                                 for part in node.values)  # fmt: skip
                    elif isinstance(node, ast.Constant) and id(node) not in inside and " " in str(node.value):
                        yield path.name, str(node.value)  # without a space it is the name of a coordinate
