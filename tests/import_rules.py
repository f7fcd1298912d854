"""DESIGN.md's import directions as a table, and a checker of one file's source against them.

Imports inside functions and under TYPE_CHECKING count like any other: a name that a layer must not
know is a name that it must not know.
"""

import ast
import sys

SCIENCE = {"torch", "numpy"}
PAGE = {
    *("genlab.ui.kit", "genlab.ui.canvas", "genlab.ui.judges", "genlab.store"),
    *("genlab.inference", "genlab.analysis", "genlab.data", "genlab.films", "genlab.core"),
}

LAYERS = {  # a layer: what it may import of GenLab (itself too, where named), and of others
    "genlab.core": ({"genlab.core"}, SCIENCE | {"PIL"}),
    "genlab.nn": ({"genlab.core", "genlab.nn"}, SCIENCE),
    "genlab.models": ({"genlab.core", "genlab.nn"}, SCIENCE),
    "genlab.inference": (
        {"genlab.core", "genlab.nn", "genlab.inference", "genlab.registry"},
        SCIENCE,
    ),
    "genlab.analysis": ({"genlab.core", "genlab.nn", "genlab.analysis"}, SCIENCE),
    "genlab.data": (
        {"genlab.core", "genlab.torchvision_guard"},
        SCIENCE | {"PIL", "torchvision"},
    ),
    "genlab.films": ({"genlab.core", "genlab.films"}, SCIENCE | {"PIL"}),
    "genlab.torchvision_guard": (set(), {"torch"}),
    "genlab.registry": (set(), set()),
    "genlab.store": (
        {"genlab.models", "genlab.core", "genlab.registry"},
        {"torch", "safetensors"},
    ),
    "genlab.cli": (
        {
            *("genlab.store", "genlab.inference", "genlab.analysis", "genlab.data"),
            *("genlab.core", "genlab.registry"),
        },
        SCIENCE,
    ),
    "genlab.__main__": ({"genlab.cli"}, set()),
    "genlab.ui.canvas": (
        {"genlab.ui.canvas", "genlab.films", "genlab.core"},
        SCIENCE | {"gradio", "PIL"},
    ),
    "genlab.ui.kit": (
        {"genlab.ui.canvas", "genlab.store", "genlab.core"},
        SCIENCE | {"gradio"},
    ),
    "genlab.ui.closer": (
        {"genlab.ui.kit", "genlab.ui.canvas", "genlab.analysis", "genlab.core"},
        SCIENCE | {"gradio"},
    ),
    "genlab.ui.judges": ({"genlab.store", "genlab.data", "genlab.core"}, set()),
    "genlab.ui.drawing": ({"genlab.ui.drawing", "genlab.analysis", "genlab.core"}, set()),
    "genlab.ui.latent": (  # pages about codes, which the tabs of several families share
        PAGE
        | {"genlab.ui.closer", "genlab.ui.drawing", "genlab.ui.latent", "genlab.nn"}
        | {"genlab.ui.real_row"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.adversarial": (  # pages about two networks that play against each other
        PAGE
        | {"genlab.ui.closer", "genlab.ui.drawing", "genlab.ui.latent", "genlab.nn"}
        | {"genlab.ui.adversarial", "genlab.ui.real_row"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.diffusion": (  # pages about noise and the way back
        PAGE
        | {"genlab.ui.closer", "genlab.ui.drawing", "genlab.ui.latent", "genlab.nn"}
        | {"genlab.ui.diffusion", "genlab.ui.real_row"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.pixels": (  # pages about models that draw pixel by pixel
        PAGE
        | {"genlab.ui.closer", "genlab.ui.drawing", "genlab.ui.latent", "genlab.nn"}
        | {"genlab.ui.pixels", "genlab.ui.real_row", "genlab.ui.shown_runs"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.models_pages": (  # what is known about the models themselves
        PAGE | {"genlab.ui.drawing", "genlab.ui.models_pages", "genlab.registry"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.real_row": (
        {
            *("genlab.ui.kit", "genlab.ui.canvas", "genlab.store", "genlab.inference"),
            *("genlab.data", "genlab.core"),
        },
        SCIENCE | {"gradio"},
    ),
    "genlab.ui.shown_runs": (
        {
            *("genlab.ui.canvas", "genlab.store", "genlab.inference", "genlab.data"),
            "genlab.core",
        },
        set(),
    ),
    "genlab.ui.lessons": (  # which show the code of layers, too
        PAGE | {"genlab.ui.closer", "genlab.ui.drawing", "genlab.nn", "genlab.ui.lessons"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.tabs": (
        PAGE
        | {"genlab.ui.closer", "genlab.ui.lessons", "genlab.ui.latent", "genlab.ui.shown_runs"}
        | {"genlab.ui.adversarial", "genlab.ui.diffusion", "genlab.ui.models_pages"}
        | {"genlab.ui.pixels", "genlab.ui.real_row"},
        SCIENCE | {"gradio", "matplotlib"},
    ),
    "genlab.ui.shell": (
        {
            *("genlab.ui.tabs", "genlab.ui.kit", "genlab.store", "genlab.registry"),
            *("genlab.ui.whole_props", "genlab.ui.quiet", "genlab.ui.compression"),
            *("genlab.ui.unwatched", "genlab.ui.quicker_scripts", "genlab.ui.kept_page"),
            *("genlab.ui.light_sessions", "genlab.core"),
        },
        {"gradio", "matplotlib"},
    ),
    "genlab.ui.whole_props": (set(), {"gradio"}),
    "genlab.ui.light_sessions": (set(), {"gradio"}),
    "genlab.ui.quiet": (set(), {"gradio"}),
    "genlab.ui.compression": (set(), {"gradio", "starlette"}),
    "genlab.ui.unwatched": (set(), {"starlette"}),
    "genlab.ui.tagged": (set(), {"starlette"}),
    "genlab.ui.kept_page": ({"genlab.ui.tagged"}, {"starlette"}),
    "genlab.ui.quicker_scripts": ({"genlab.ui.tagged"}, {"gradio", "starlette"}),
    "genlab.__init__": (set(), set()),
    "genlab.ui.__init__": (set(), set()),
    "app": ({"genlab.ui", "genlab.store"}, {"gradio"}),
}
NEVER_IMPORTED = ("app", "train", "tests", "benchmarks")
FREE = ("train", "benchmarks")  # may import all of GenLab and any package, but for what is below
CLOSED_TO_TRAIN = ("genlab.ui", "gradio")
BY_TEXT = "import_module"


def violations(module, source):
    """Sentences about each import in `source` that `module` may not have.

    `module` is the dotted path of the file: genlab/core/__init__.py is genlab.core.__init__.
    """
    found = []
    for name in imported_names(module, source):
        complaint = _complaint(module, name)
        if complaint:
            found.append(f"{module} imports {name}: {complaint}")
    return found


def imported_names(module, source):
    """Dotted names of everything imported, wherever the statement stands."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            names += [f"{base}.{alias.name}" for alias in node.names]
        elif getattr(node, "id", None) == "__import__" or getattr(node, "attr", None) == BY_TEXT:
            names.append(f"importlib.{BY_TEXT}")
    return names


def _absolute(module, node):
    if not node.level:
        return node.module
    parent = module.split(".")[: -node.level]
    return ".".join([*parent, *([node.module] if node.module else [])])


def _complaint(module, name):
    top = name.split(".")[0]
    if top in FREE and module.split(".")[0] == top:
        return None
    if top in NEVER_IMPORTED:
        return f"nothing imports {top}"
    if module.split(".")[0] in FREE:
        closed = module.split(".")[0] == "train" and _within(name, CLOSED_TO_TRAIN)
        return "train knows no screen" if closed else None
    if name == f"importlib.{BY_TEXT}" and module != "genlab.registry":
        return "the only dynamic import is in genlab.registry"
    if top in sys.stdlib_module_names:
        return None
    own, others = LAYERS[_layer(module)]
    if top != "genlab":
        return None if top in others else f"{_layer(module)} does without {top}"
    if _within(name, own) or _are_model_and_stepper(module, name):
        return None
    return f"{_layer(module)} may import {', '.join(sorted(own)) or 'nothing'}"


def _within(name, prefixes):
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def _layer(module):
    """The longest entry of LAYERS that holds the module; a new folder needs an entry."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        layer = ".".join(parts[:length])
        if layer in LAYERS:
            return layer
    raise LookupError(f"no layer holds {module}: give it an entry in LAYERS")


def _are_model_and_stepper(module, name):
    imported = ".".join(name.split(".")[:3])
    pair = sorted([module, imported], key=len)
    return module.startswith("genlab.models.") and pair[1] == pair[0] + "_stepper"
