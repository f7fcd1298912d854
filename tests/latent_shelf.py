"""A shelf of tiny models with codes, of 28×28 pictures as the pages' boards and examples are."""

import torch
from shelved import tiny_card, write_checkpoint
from torch import nn

from genlab.core.cards import ModelCard
from genlab.core.images import ImageSpec
from genlab.models.autoencoder import Autoencoder
from genlab.models.vae import VAE
from genlab.nn.latent_networks import DenseDecoder, DenseEncoder
from genlab.store import ModelStore

SPEC = ImageSpec(1, 28, 28)
DIM, FEW, MANY = 5, 3, 110  # numbers of a code: of most cards, of another, of one with many


class TinyGenerator(nn.Module):
    """A prior and a decoder, in colour and not square: what the generator of a GAN can do."""

    def __init__(self):
        super().__init__()
        self.spec, self.latent_dim = ImageSpec(3, 6, 8), DIM
        self.network = DenseDecoder(self.spec, DIM, (8,))

    def decode(self, z, labels=None):
        """See `LatentDecoder`."""
        return self.network(z).sigmoid()

    def sample_prior(self, count, generator):
        """See `LatentPrior`."""
        return torch.randn(count, DIM, generator=generator)


def _vae(dim):
    return VAE(
        SPEC,
        dim,
        encoder=DenseEncoder(SPEC, (12,), 2 * dim),
        decoder=DenseDecoder(SPEC, dim, (12,)),
    )


def _autoencoder():
    return Autoencoder(
        SPEC, DIM, encoder=DenseEncoder(SPEC, (12,), DIM), decoder=DenseDecoder(SPEC, DIM, (12,))
    )


BUILDS = {  # name: data, network
    "digits": ("MNIST, binarised", lambda: _vae(DIM)),
    "few": ("MNIST, binarised", lambda: _vae(FEW)),
    "many": ("MNIST, binarised", lambda: _vae(MANY)),
    "clothes": ("Fashion-MNIST, grey", lambda: _vae(DIM)),
    "bare": ("Fashion-MNIST, grey", _autoencoder),
    "generator": ("MNIST, grey", TinyGenerator),
}


def latent_card(name):
    """The card of one of `BUILDS`."""
    told, build = BUILDS[name]
    return ModelCard(
        name, f"Tiny {name}", family="VAE", data=told, build=build, source="https://arxiv.org"
    )


def latent_store(folder):
    """All of `BUILDS`, and "codeless", which has no codes."""
    cards = (*map(latent_card, BUILDS), tiny_card("codeless"))
    for seed, card in enumerate(cards):
        write_checkpoint(folder, card, seed=seed)
    return ModelStore(folder, cards)
