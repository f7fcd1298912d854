"""The checklist on networks that are built to follow each guideline or to break just that one."""

import pytest
from lively import tiny_gan
from torch import nn

from genlab.analysis.dcgan_guidelines import GUIDELINES, check_guidelines
from genlab.ui.adversarial.guidelines import DOES_NOT, FOLLOWS, checklist

NAMES = tuple(GUIDELINES)
STRIDES, NORM, DENSE, RELU, LEAKY = NAMES


def generator(*, up=None, norm=nn.BatchNorm2d, active=nn.ReLU, output=nn.Tanh, hidden=()):
    """As in the paper, but for what is named."""
    return nn.Sequential(
        *(nn.Linear(5, 32), nn.Unflatten(1, (8, 2, 2)), norm(8), active()),
        *(up or (nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1),)),
        *(norm(4), active()),
        *hidden,
        *(nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1), output()),
    )


def critic(*, down=None, norm=nn.BatchNorm2d, active=None, hidden=(), output=()):
    """As in the paper, but for what is named."""
    active = active or (lambda: nn.LeakyReLU(0.2))
    return nn.Sequential(
        *(down or (nn.Conv2d(1, 4, 4, stride=2, padding=1),)),
        *(norm(4), active(), nn.Flatten()),
        *hidden,
        *(nn.Linear(64, 1), *output),
    )


def nothing(_channels):
    return nn.Identity()


BREAKING = {  # what is built → the guidelines that it breaks
    "pooling": (generator(), critic(down=(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2))), {STRIDES}),
    "pooling beside strides": (
        generator(),
        critic(down=(nn.Conv2d(1, 4, 4, stride=2, padding=1), nn.AdaptiveAvgPool2d(4))),
        {STRIDES},
    ),
    "resizing": (
        generator(up=(nn.Upsample(scale_factor=2), nn.Conv2d(8, 4, 3, padding=1))),
        critic(),
        {STRIDES},
    ),
    "no norm in the generator": (generator(norm=nothing), critic(), {NORM}),
    "no norm in the critic": (generator(), critic(norm=nothing), {NORM}),
    "another norm": (generator(norm=lambda n: nn.GroupNorm(1, n)), critic(), {NORM}),
    "dense layer in the generator": (
        generator(hidden=(nn.Flatten(), nn.Linear(64, 64), nn.Unflatten(1, (4, 4, 4)))),
        critic(),
        {DENSE},
    ),
    "dense layer in the critic": (generator(), critic(hidden=(nn.Linear(64, 64),)), {DENSE}),
    "leaky generator": (generator(active=nn.LeakyReLU), critic(), {RELU}),
    "sigmoid at the output": (generator(output=nn.Sigmoid), critic(), {RELU}),
    "no tanh": (generator(output=nn.Identity), critic(), {RELU}),
    "tanh inside": (generator(active=nn.Tanh), critic(), {RELU}),
    "ReLU in the critic": (generator(), critic(active=nn.ReLU), {LEAKY}),
    "no activation in the critic": (generator(), critic(active=nn.Identity), {LEAKY}),
    "sigmoid inside the critic": (generator(), critic(active=nn.Sigmoid), {LEAKY}),
}


def broken(*networks):
    return {each.guideline for each in check_guidelines(*networks) if not each.follows}


def test_the_paper_s_network_follows_all_guidelines():
    assert broken(generator(), critic()) == set()
    assert broken(generator(), critic(output=(nn.Sigmoid(),))) == set()


@pytest.mark.parametrize("case", BREAKING)
def test_each_guideline_is_broken_by_itself(case):
    *networks, expected = BREAKING[case]

    assert broken(*networks) == expected


def test_dense_networks_have_hidden_dense_layers_but_code_pixels_and_score_are_none():
    drawing = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 9), nn.Tanh())
    judging = nn.Sequential(nn.Linear(9, 6), nn.LeakyReLU(), nn.Linear(6, 1))

    verdict = dict(zip(NAMES, check_guidelines(drawing, judging), strict=True))[DENSE]

    assert verdict.against == ("generator.0 (Linear)", "critic.0 (Linear)")


def test_verdicts_name_modules_as_the_network_does():
    model = tiny_gan()

    strides = check_guidelines(model.generator, model.critic)[0]

    modules = dict(model.named_modules())
    for told in strides.shown_by:
        name, kind = told.removesuffix(")").split(" (")
        assert type(modules[name]).__name__ == kind.split(",")[0]
        assert kind.endswith("stride 2")


def test_the_page_tells_the_verdict_and_why_a_network_of_ours_differs():
    *networks, _ = BREAKING["no norm in the critic"]

    told = checklist(check_guidelines(*networks))

    assert told.startswith("**4 of 5**")
    assert (told.count(FOLLOWS), told.count(DOES_NOT)) == (4, 1)
    assert "critic: no batch norm" in told and "R1" in told


def test_no_verdict_gives_a_reason_that_minibatch_std_would_break_as_well():
    *networks, _ = BREAKING["no norm in the critic"]

    told = checklist(check_guidelines(*networks))

    assert "of its batch" not in told, "the DCGAN's critic compares the pictures of a batch"
