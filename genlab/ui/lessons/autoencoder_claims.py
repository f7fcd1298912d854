"""*Common mistakes* about noise and sparse codes, each tried on trained networks on the spot."""

from torch import Tensor, nn

from genlab import data
from genlab.analysis.denoising import Restoration, measure_errors, restore
from genlab.analysis.sparse_codes import CodedImages, code_images
from genlab.core.errors import InputError
from genlab.core.protocols import Restorer, SparseCoder
from genlab.nn.corruption import CORRUPTIONS
from genlab.store import ModelStore, skeleton
from genlab.ui.closer import Claim

NAMES = {"gaussian": "Gaussian noise", "dropout": "dropped pixels"}
LEVELS = tuple(step / 20 for step in range(21))
SHOWN_LEVELS = (0.25, 0.5, 0.75, 1.0)
SEED = 0
THRESHOLD = 0.1  # of an active unit; the KL penalty's target, too


def claims(store: ModelStore) -> tuple[Claim, ...]:
    """The cards; their checks take the name of a card that restores."""
    return (
        Claim(
            "A denoising autoencoder must be told the level of the noise.",
            "It is given the picture and nothing else, and was trained at a single level. Other "
            "levels it restores as well, and how well can be measured.",
            lambda name: _levels(_restorer(store, name)),
        ),
        Claim(
            "A clean picture passes through unharmed.",
            "The network cannot copy: everything passes through its code, and in training it never "
            "met a clean picture.",
            lambda name: _clean(_restorer(store, name)),
        ),
        Claim(
            "Who can undo one kind of noise can undo another.",
            "A network learns to undo what it is shown. Each has a corruption of its own.",
            lambda _: _crossed(store),
        ),
        Claim(
            "A wide code is sparse by itself.",
            "Without a penalty there is no reason to keep a unit quiet.",
            lambda _: _wide(store),
        ),
        Claim(
            "L1 and KL make the same codes.",
            "L1 makes activity dear wherever it is, so many units may end up silent for good. KL "
            "asks each unit for the same mean, so none may.",
            lambda _: _penalties(store),
        ),
        Claim(
            "With a target of 0.1, a tenth of the units is on in every picture.",
            "The target is for the mean of each unit over pictures. How many units one picture "
            "wakes is left open.",
            lambda _: _target(store),
        ),
    )


def _levels(model: Restorer) -> str:
    own = model.corruption
    found = measure_errors(model, _images(), corruption=own, levels=LEVELS, seed=SEED)
    helped = [
        level
        for level, before, after in zip(found.levels, found.clipped, found.restored, strict=True)
        if after < before
    ]
    rows = [
        f"| {level:g} | {_told(found.clipped[at])} | {_told(found.restored[at])} |"
        for at, level in enumerate(found.levels)
        if level in SHOWN_LEVELS
    ]
    reach = f"at **{len(helped)} of {len(LEVELS)}** levels tried"
    if helped:
        reach += f", {helped[0]:g} the lowest and {helped[-1]:g} the highest"
    return "\n".join(
        [
            f"Trained on {NAMES[own]} of the level {model.corruption_level:g} alone, it leaves "
            f"less error than the corrupted pictures have {reach}. In thousandths, those clipped "
            "to [0, 1]:",
            "",
            "| level | corrupted | restored |",
            "|---|---:|---:|",
            *rows,
        ]
    )


def _clean(model: Restorer) -> str:
    images, own = _images(), model.corruption
    clean = restore(model, images, corruption=own, level=0.0, seed=SEED)
    usual = restore(model, images, corruption=own, level=model.corruption_level, seed=SEED)
    return (
        f"{len(images)} clean pictures come back with an error of **{_told(clean.error_after)}** "
        "thousandths where there was none. The same pictures, corrupted as in training, come back "
        f"with {_told(usual.error_after)}. What the network reads is {_brightness(usual)} bright "
        f"on average in training, and {_brightness(clean)} now."
    )


def _crossed(store: ModelStore) -> str:
    models = _models(store, Restorer, "corruption", tuple(CORRUPTIONS))
    errors = {
        (trained, given): restore(
            model, _images(), corruption=given, level=model.corruption_level, seed=SEED
        ).error_after
        for trained, model in models.items()
        for given in CORRUPTIONS
    }
    worst = min(
        errors[other, given] / errors[given, given]
        for given in models
        for other in models
        if other != given
    )
    rows = [
        f"- {NAMES[given]}: {_told(errors[given, given])} by its own network, "
        f"{_told(errors[other, given])} by the one for {NAMES[other]}"
        for given in models
        for other in models
        if other != given
    ]
    return "\n".join(
        [
            "Errors in thousandths, at the level of the training:",
            "",
            *rows,
            "",
            f"The wrong network leaves at least **{worst:.1f} times** the error of the right one.",
        ]
    )


def _wide(store: ModelStore) -> str:
    found = _coded(store)["none"]
    active, units = found.active(THRESHOLD).float().mean().item(), found.codes.shape[1]
    return (
        f"The network without a penalty has {units} units. A picture wakes **{active:.0f}** of "
        f"them above {THRESHOLD:g}, and their mean activity is **{found.codes.mean():.2f}**. Means "
        f"of {len(found.codes)} pictures."
    )


def _penalties(store: ModelStore) -> str:
    coded = _coded(store)
    rows = [
        f"| {title} | **{coded[name].silent(THRESHOLD)}** | {coded[name].activity.min():.3f} to "
        f"{coded[name].activity.max():.3f} | {coded[name].active(THRESHOLD).float().mean():.0f} |"
        for name, title in (("l1", "L1"), ("kl", "KL"))
    ]
    return "\n".join(
        [
            f"Over {len(coded['l1'].codes)} pictures, of {coded['l1'].codes.shape[1]} units:",
            "",
            f"| penalty | never above {THRESHOLD:g} | means of units | above, a picture |",
            "|---|---:|---|---:|",
            *rows,
        ]
    )


def _target(store: ModelStore) -> str:
    found = _coded(store)["kl"]
    active, units = found.active(THRESHOLD), found.codes.shape[1]
    return (
        f"The units' means average {found.codes.mean():.3f}, as asked. But one of the "
        f"{len(found.codes)} pictures wakes **{active.min()}** of {units} units above "
        f"{THRESHOLD:g}, another **{active.max()}**."
    )


def _images() -> Tensor:
    return data.examples("fashion-mnist").images / 255  # (100, 1, 28, 28)


def _coded(store: ModelStore) -> dict[str, CodedImages]:
    """The examples in the codes of all three networks."""
    models = _models(store, SparseCoder, "penalty", ("none", "l1", "kl"))
    return {penalty: code_images(model, _images()) for penalty, model in models.items()}


def _models(
    store: ModelStore, capability: type, attribute: str, wanted: tuple[str, ...]
) -> dict[str, nn.Module]:
    """A trained network of each wanted kind.

    Raises:
        InputError: one is not trained.
    """
    names = {getattr(skeleton(each), attribute): each.name for each in store.cards_with(capability)}
    if set(wanted) - set(names):
        raise InputError(
            f"This check needs {len(wanted)} trained networks and finds {len(names)}. Train the "
            "others with `python -m train all`, then check again."
        )
    return {kind: store.get(names[kind]) for kind in wanted}


def _restorer(store: ModelStore, name: object) -> Restorer:
    if name is None:
        raise InputError("No network is trained yet. Train one, then check again.")
    model = store.get(name)
    if not isinstance(model, Restorer):
        raise InputError(f"{store.card(name).title} restores nothing. Choose another model.")
    return model


def _brightness(found: Restoration) -> str:
    return f"{found.corrupted.mean():.2f}"


def _told(error: float) -> str:
    return f"{1000 * error:.1f}"
