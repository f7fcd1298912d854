"""A shelf of tiny GANs of 28×28 pictures, two of them conditional, and a model without a critic."""

from latent_shelf import BUILDS, latent_card
from lively import tiny_conditional_gan, tiny_gan
from shelved import tiny_card, write_checkpoint

from genlab.core.cards import ModelCard
from genlab.store import ModelStore

SIDE, DIM, CLASSES = 28, 5, 3
PLAIN, TOLD = "clothes-gan", "digits-cgan"
GANS = {  # name: data, network
    PLAIN: ("Fashion-MNIST, grey", lambda: tiny_gan(size=(SIDE, SIDE), latent_dim=DIM)),
    TOLD: ("MNIST, grey", lambda: tiny_conditional_gan(size=(SIDE, SIDE), latent_dim=DIM)),
}


def gan_card(name):
    """The card of one of `GANS`."""
    told, build = GANS[name]
    return ModelCard(
        name, f"Tiny {name}", family="GAN", data=told, build=build, source="https://arxiv.org"
    )


def gan_store(folder):
    """All of `GANS`, a VAE called "digits", and "codeless", which has no codes."""
    assert "digits" in BUILDS
    cards = (*map(gan_card, GANS), latent_card("digits"), tiny_card("codeless"))
    for seed, card in enumerate(cards):
        write_checkpoint(folder, card, seed=seed)
    return ModelStore(folder, cards)
