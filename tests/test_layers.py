"""The layer table against the networks that it describes."""

import pytest
import torch
from shelved import tiny_network

from genlab.analysis.layers import LayerRow, autoregressive_layers, coder_layers
from genlab.core.protocols import Autoregressive, Encoder, LatentDecoder
from genlab.store import ModelStore, skeleton

CARDS = {card.name: card for card in ModelStore().cards}
AUTOREGRESSIVE = [card for card in CARDS.values() if isinstance(skeleton(card), Autoregressive)]
every_card = pytest.mark.parametrize("card", AUTOREGRESSIVE, ids=lambda card: card.name)


def table(name):
    """The rows of a card by their names."""
    return {row.name: row for row in autoregressive_layers(CARDS[name].build)}


def test_both_pixelcnns_have_a_table():
    assert {card.name for card in AUTOREGRESSIVE} >= {"pixelcnn-mnist", "gated-mnist"}


@every_card
def test_the_parameters_add_up_to_the_network_s_own(card):
    rows = autoregressive_layers(card.build)

    own = sum(parameter.numel() for parameter in skeleton(card).parameters())
    assert sum(row.parameters for row in rows) == own > 100_000


@every_card
def test_every_layer_stands_once_with_its_name_and_its_kind(card):
    rows = autoregressive_layers(card.build)

    innermost = {
        name: type(module).__name__
        for name, module in skeleton(card).named_modules()
        if not any(module.children())
    }
    assert len(rows) == len(innermost)
    assert {row.name: row.kind for row in rows} == innermost


def test_known_layers_of_the_pixelcnn_have_their_shapes_and_sizes():
    rows = table("pixelcnn-mnist")

    assert rows["first"] == LayerRow("first", "MaskedConv2d", (1, 128, 28, 28), 128 * (49 + 1))
    assert rows["blocks.0.reduce"].shape == (1, 64, 28, 28)
    assert rows["blocks.6.masked"] == LayerRow(
        "blocks.6.masked", "MaskedConv2d", (1, 64, 28, 28), 64 * (64 * 9 + 1)
    )
    assert rows["blocks.0.expand"].parameters == 128 * (64 + 1)
    assert rows["output"].shape == (1, 1, 28, 28)


def test_known_layers_of_the_gated_pixelcnn_have_their_shapes_and_sizes():
    rows = table("gated-mnist")

    first = rows["layers.0.vertical.convolution"]
    assert (first.shape, first.parameters) == ((1, 64, 28, 28), 64 * (4 * 7 + 1))
    later = rows["layers.1.horizontal.convolution"]
    assert later.parameters == 64 * (32 * 2 + 1)
    assert later.shape[:3] == (1, 64, 28)
    assert rows["layers.9.condition"].shape == (1, 128)
    assert rows["layers.9.condition"].parameters == 11 * 128


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("pixelcnn-mnist", ["first", "blocks.0.reduce", "blocks.0.masked", "blocks.0.expand",
                            "blocks.1.reduce", "hidden", "output"]),
        ("gated-mnist", ["layers.0.vertical.convolution", "layers.0.horizontal.convolution",
                         "layers.0.link", "layers.0.condition", "layers.0.output", "skips.0",
                         "layers.1.vertical.convolution", "skips.1", "layers.9.output", "skips.9",
                         "output"]),
    ],
)  # fmt: skip
def test_layers_stand_in_the_order_in_which_a_pass_runs_them(name, order):
    names = list(table(name))

    assert [each for each in names if each in order] == order
    assert (names[0], names[-1]) == (order[0], order[-1])


def test_a_table_leaves_the_world_as_it_was(store):
    card = CARDS["pixelcnn-mnist"]
    shared = card.build()
    state = torch.get_rng_state()
    logits = shared.logits(torch.zeros(1, 1, 28, 28, dtype=torch.int64))

    autoregressive_layers(card.build)

    assert torch.zeros(1).device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), state), "no random numbers were used up"
    assert not any(module._forward_hooks for module in shared.modules())
    after = shared.logits(torch.zeros(1, 1, 28, 28, dtype=torch.int64))
    assert torch.equal(logits, after)


def test_two_tables_are_alike():
    assert autoregressive_layers(tiny_network) == autoregressive_layers(tiny_network)


# — networks that encode and decode —

CODERS = [
    card
    for card in CARDS.values()
    if isinstance(skeleton(card), Encoder) and isinstance(skeleton(card), LatentDecoder)
]
every_coder = pytest.mark.parametrize("card", CODERS, ids=lambda card: card.name)


def test_autoencoders_and_vaes_have_a_table():
    assert {card.family for card in CODERS} >= {"Autoencoder", "VAE"}


@every_coder
def test_a_coder_s_table_has_every_layer_once_and_all_its_parameters(card):
    rows = coder_layers(card.build)

    innermost = {
        name: type(module).__name__
        for name, module in skeleton(card).named_modules()
        if not any(module.children())
    }
    assert len(rows) == len(innermost)
    assert {row.name: row.kind for row in rows} == innermost
    own = sum(parameter.numel() for parameter in skeleton(card).parameters())
    assert sum(row.parameters for row in rows) == own


def test_known_layers_of_the_sparse_autoencoder_have_their_shapes_and_sizes():
    rows = {row.name: row for row in coder_layers(CARDS["sparse-autoencoder-kl-fashion"].build)}

    assert rows["encoder.layers.0"] == LayerRow("encoder.layers.0", "Linear", (1, 100), 100 * 785)
    assert rows["encoder.layers.2"].shape == (1, 300)
    assert rows["decoder.layers.2"] == LayerRow("decoder.layers.2", "Linear", (1, 784), 784 * 101)
    assert list(rows)[0] == "encoder.layers.0" and list(rows)[-1] == "decoder.layers.2"
