"""Put a wrong formula into modules that are already loaded: their functions, kernels, defaults and constants."""

from __future__ import annotations

import ast
import functools
import gc
import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from benchmarks.mutants import Mutant

ROOT = Path(__file__).resolve().parents[1]


def module_of(file: str) -> ModuleType:
    return importlib.import_module("solvable." + file.removesuffix(".py").replace("/", "."))


def outermost(code: CodeType) -> str:
    return code.co_qualname.split(".<locals>")[0]


class Functions:
    """Every function object of the files, the kernels among them, and what is cached between calls."""

    def __init__(self, files: list[str]):
        import numba.core.dispatcher

        modules = {file: module_of(file) for file in files}
        self.sources = {file: (ROOT / file).read_text() for file in files}
        self.names = {str(module.__file__): file for file, module in modules.items()}
        self.objects: dict[tuple[str, int, str], list[FunctionType]] = defaultdict(list)
        self.kernels: dict[str, list[Any]] = defaultdict(list)
        self.cached = []
        for item in gc.get_objects():
            if isinstance(item, FunctionType) and item.__code__.co_filename in self.names:
                self.objects[_key(item.__code__)].append(item)
            elif isinstance(item, functools._lru_cache_wrapper) and item.__module__.startswith("solvable"):
                self.cached.append(item)
        for file, module in modules.items():
            found = (v for v in vars(module).values() if isinstance(v, numba.core.dispatcher.Dispatcher))
            self.kernels[file] = [k for k in found if k.py_func.__code__.co_filename == module.__file__]

    def forget(self) -> None:
        for item in self.cached:
            item.cache_clear()

    def is_kernel(self, mutant: Mutant) -> bool:
        return any(kernel.py_func.__name__ == mutant.function for kernel in self.kernels[mutant.file])

    def apply(self, mutant: Mutant) -> bool:
        """Put the wrong formula into what is loaded already; False if it can only be loaded anew."""
        module = module_of(mutant.file)
        tree = mutant.tree(self.sources[mutant.file])
        whole = compile(tree, str(module.__file__), "exec", dont_inherit=True)
        changed = 0
        for code in _codes(whole):
            for function in self.objects.get(_key(code), []):
                if function.__code__ != code:
                    function.__code__ = code
                    changed += 1
        changed += self._defaults(tree, mutant, module)
        if not mutant.function and not changed:
            if mutant.file.startswith("analysis"):
                return False
            exec(compile(_assignments(tree, mutant.line), "<constant>", "exec"), vars(module))
            changed += 1
        if self.is_kernel(mutant) or not mutant.function:
            from numba.core.caching import NullCache

            for kernel in self.kernels[mutant.file]:
                assert not kernel.overloads, f"{kernel} was compiled before the fork"
                kernel._cache = NullCache()
        if not changed:
            raise RuntimeError(f"{mutant.identity}: nothing to change")
        return True

    def reload(self, mutant: Mutant) -> None:
        """Load the analysis anew, this file with the wrong formula."""
        module = module_of(mutant.file)
        for name in [name for name in sys.modules if name.startswith("solvable.analysis")]:
            del sys.modules[name]
        importlib.import_module(module.__name__.rpartition(".")[0])
        assert module.__spec__ is not None
        wrong = importlib.util.module_from_spec(module.__spec__)
        sys.modules[module.__name__] = wrong
        tree = mutant.tree(self.sources[mutant.file])
        exec(compile(tree, str(module.__file__), "exec", dont_inherit=True), vars(wrong))
        setattr(sys.modules[module.__name__.rpartition(".")[0]], module.__name__.rpartition(".")[2], wrong)

    def _defaults(self, tree: ast.Module, mutant: Mutant, module: ModuleType) -> int:
        changed = 0
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == mutant.function.split(".")[-1]:
                values = [eval(compile(ast.Expression(d), "<d>", "eval"), vars(module)) for d in node.args.defaults]
                words = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                named = {a.arg: eval(compile(ast.Expression(d), "<d>", "eval"), vars(module)) for a, d in words if d}
                line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                for function in self.objects.get((str(module.__file__), line, mutant.function), []):
                    if tuple(values) != (function.__defaults__ or ()) or named != (function.__kwdefaults__ or {}):
                        function.__defaults__, function.__kwdefaults__ = tuple(values), named
                        changed += 1
        return changed


def _key(code: CodeType) -> tuple[str, int, str]:
    return code.co_filename, code.co_firstlineno, code.co_qualname


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _assignments(tree: ast.Module, line: int) -> ast.Module:
    tree.body = [node for node in tree.body if node.lineno <= line <= (node.end_lineno or 0)]
    return tree
