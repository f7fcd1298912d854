"""The recursion that *Look closer* tells is the one that the analysis computes."""

import re

import numpy as np
import pytest

from genlab.analysis.reachability import ARCHITECTURES, field, layer_masks
from genlab.ui.lessons.masks import Choice, describe_choice


class Cells(frozenset):
    """Positions inside an image of `SIZE` × `SIZE` pixels; `|` is ∪ and `+` is ⊕."""

    def __or__(self, other):
        return Cells(frozenset(self) | other)

    def __add__(self, offsets):
        reached = ((row + r, column + c) for row, column in self for r, c in offsets)
        return Cells((r, c) for r, c in reached if 0 <= r < SIZE and 0 <= c < SIZE)


SIZE = 6


def as_python(told, layer):
    """A formula as an expression: S'_l is sets["S'", l], ⊕ \\text{mask} is + masks["mask"]."""
    told = re.sub(r"_\{l-1\}", f"_{layer - 1}", told).replace("_l", f"_{layer}")
    told = re.sub(r"([A-Z]'?)_(\d+)", r'sets.get(("\1", \2), Cells())', told)
    told = re.sub(r"\\oplus \\text\{(.*?)\}", r'+ masks["\1"]', told)
    return told.replace(r"\cup", "|")


def evaluate(text, architecture, kernel, layers):
    """The set that the text's formulas give, step by step as they stand there."""
    output, start = re.search(r"\$\$([A-Z])_\{\d+\} = \\\{(\(\d+, \d+\))\\\}\$\$", text).groups()
    sets = {(output, layers): Cells([eval(start)])}
    blocks = re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", text, re.DOTALL)
    for layer in range(layers, 0, -1):
        masks = {m.name: m.offsets for m in layer_masks(architecture, kernel, layer)[-1]}
        for line in blocks[-1 if layer == 1 else 0].split(" \\\\\n"):
            name, told = line.split(" &= ")
            place = re.fullmatch(r"([A-Z]'?)_(\d+)", as_python_name(name, layer)).groups()
            sets[place[0], int(place[1])] = eval(
                as_python(told, layer), {"sets": sets, "masks": masks, "Cells": Cells}
            )
    goal = re.search(r"\$([^$]*)\$ is what the target sees", text)[1]
    return eval(as_python(goal, 0), {"sets": sets, "Cells": Cells})


def as_python_name(name, layer):
    return name.replace("_{l-1}", f"_{layer - 1}").replace("_l", f"_{layer}")


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("layers", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("target", [(3, 2), (5, 5), (0, 4)])
def test_the_told_recursion_gives_the_analysis_s_set(name, layers, kernel, target):
    text = describe_choice(Choice(name, kernel, layers, SIZE, target))

    told = np.zeros((SIZE, SIZE), bool)
    for row, column in evaluate(text, name, kernel, layers):
        told[row, column] = True

    expected = field(name, kernel=kernel, layers=layers, size=SIZE, target=target)
    np.testing.assert_array_equal(told, expected)
