"""Lets torchvision import beside a torch that it was not built for.

`import torchvision` registers shape functions for its compiled operators `nms` and `qnms`. Where
its compiled extension `_C` cannot be loaded (another torch version, a CPU torch beside a CUDA
torchvision) those two operators do not exist and the whole import ends in "operator
torchvision::nms does not exist". GenLab wants nothing from that extension: data sets and
transforms are plain Python. So `prepare_torchvision` declares the signatures of the missing
operators, without an implementation, and the import goes through; whoever calls one of them
still gets torch's own error.
"""

import importlib.machinery
import importlib.util
import sys
import threading

import torch

SIGNATURES = {
    name: f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for name in ("nms", "qnms")
}

_lock = threading.Lock()
_declared: list[torch.library.Library] = []  # a Library that is collected takes its operators along


def prepare_torchvision() -> None:
    """Call before `import torchvision`; does nothing where torchvision works by itself."""
    with _lock:
        if "torchvision" in sys.modules or not _missing() or _load_extension():
            return
        library = torch.library.Library("torchvision", "FRAGMENT")
        _declared.append(library)
        for name in _missing():
            library.define(SIGNATURES[name])


def _missing() -> list[str]:
    return [name for name in SIGNATURES if not hasattr(torch.ops.torchvision, name)]


def _load_extension() -> bool:
    """Load `_C` as torchvision/extension.py is about to do, without importing torchvision.

    Returns:
        True also where torchvision is not installed: its own ImportError says that best.
    """
    package = importlib.util.find_spec("torchvision")
    if package is None:
        return True
    loader = importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES
    folder = package.submodule_search_locations[0]
    extension = importlib.machinery.FileFinder(folder, loader).find_spec("_C")
    if extension is None:
        return False
    try:
        torch.ops.load_library(extension.origin)
    except OSError:
        return False
    return True
