"""Cards of tiny networks, and checkpoints of them written as the training writes them."""

import safetensors.torch
import torch
from lively import enliven
from torch import nn

from genlab.core.cards import CardFile, Figure, ModelCard, sha256
from genlab.core.images import ImageSpec
from genlab.models.pixelcnn import PixelCNN


def tiny_network(features=8):
    """As a card builds it: with torch's own initial weights."""
    return PixelCNN(ImageSpec(1, 6, 6, levels=2), features=features, blocks=2, head=8)


class Constant(nn.Module):
    """A network without any capability of GenLab's."""

    def __init__(self):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(0.5))

    def decode(self, count):
        """What only the tests' own samplers ask for."""
        return self.value.expand(count, 1, 2, 2)


def tiny_card(name="tiny", *, build=tiny_network):
    """A card that builds a small network."""
    return ModelCard(
        name=name,
        title=f"Tiny {name}",
        family="PixelCNN",
        data="nothing",
        build=build,
        source="https://arxiv.org/abs/1601.06759",
    )


def write_checkpoint(folder, card, *, seed=1, figures=None):
    """Weights that no other seed has, and their card file; returns the network."""
    model = enliven(card.build(), seed).requires_grad_(False)
    content = safetensors.torch.save(model.state_dict())
    write_files(folder, card, content, figures=figures)
    return model


def write_files(folder, card, content, *, figures=None):
    """Any bytes as weights, with a card file that describes just these bytes."""
    (folder / f"{card.name}.safetensors").write_bytes(content)
    CardFile(
        card=card.name,
        title=card.title,
        family=card.family,
        data=card.data,
        licence="MIT",
        parameters=1,
        sha256=sha256(content),
        source=card.source,
        command=f"python -m train {card.name}",
        seed=0,
        steps=1,
        minutes=0.5,
        device="CPU",
        revision="unknown",
        created="2026-01-01",
        figures=figures or {"nats_dynamic": Figure(81.25, 0.25, 10_000, "python -m …")},
    ).write(folder / f"{card.name}.json")
