"""Discovery by constant: the only dynamic import.

A module takes part by defining a constant (`CARDS`, `TAB`, `RECIPES`, `SAMPLER`, `COMMANDS`).
Importing it has no side effect, and no list anywhere has to mention it.
"""

import importlib
import pkgutil


def discover(package: str, attribute: str) -> list[object]:
    """The values of `attribute` in all modules of `package`, in the order of the file names."""
    paths = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(paths))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return [getattr(module, attribute) for module in modules if hasattr(module, attribute)]
