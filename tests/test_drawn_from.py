"""What a run is drawn from: named wherever it is not the model's own distribution."""

import numpy as np
import pytest
import torch
from shelved import tiny_card, write_checkpoint

from genlab.analysis.likelihood_lens import score_picture
from genlab.core.images import ImageSpec
from genlab.inference.runs import Run, Segment, account_for, stream_run
from genlab.models.gated_pixelcnn import GatedPixelCNN
from genlab.store import ModelStore
from genlab.ui.canvas.payload import decode
from genlab.ui.lessons import pixel_account
from genlab.ui.shown_runs import draw_run

READING = "reads earlier pixels"


def tiny_gated():
    spec = ImageSpec(1, 6, 6, levels=2)
    return GatedPixelCNN(spec, features=4, layers=2, head=8)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    card = tiny_card("gated", build=tiny_gated)
    write_checkpoint(folder, card)
    return ModelStore(folder, (card,))


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_payload_names_every_pixel_that_is_not_drawn_from_the_model(store, guidance):
    segments = Segment(0, 3, 1.0), Segment(8, 3, 1.0, 0.6), Segment(20, 4, 1.0), Segment(30, 4, 0.5)
    run = Run("gated", 1, "raster", segments, label=7, guidance=guidance)

    decoded = decode("".join(draw_run(store, run, "x")))

    picture = torch.from_numpy(decoded.pictures())[:, None]
    own = store.get("gated").logits(picture, torch.tensor([7])).softmax(dim=1)[0, :, 0]
    starts, words = zip(*decoded.settings.laws, strict=True)
    others = 0
    for position, (row, column) in enumerate(decoded.positions):
        told = words[np.searchsorted(starts, position, side="right") - 1]
        is_own = np.allclose(decoded.probabilities[0, position], own[:, row, column], atol=1e-3)
        assert is_own or told, position
        others += not is_own
    assert others > 6
    guided = ["guidance 2"] if guidance == 2 else []
    settings = [], ["top-p 0.6"], [], ["temperature 0.5"]
    assert starts == (0, 8, 20, 30)
    assert words == tuple(", ".join([*guided, *each]) for each in settings)


@pytest.mark.parametrize(
    "segments",
    [
        (Segment(0, 3, 1.0),),
        (Segment(0, 3, 1.0, 0.0),),
        (Segment(0, 3, 0.5),),
        (Segment(0, 3, 1.0), Segment(20, 3, 1.0, 0.0)),
    ],
)
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_the_log_of_p_in_an_account_is_the_model_s_own(store, segments, guidance):
    run = Run("gated", 1, "raster", segments, label=7, guidance=guidance)
    model = store.get("gated")
    *_, frame = stream_run(model, run)
    bits = score_picture(model, frame.images[0].round().long(), label=7).bits.sum().item()

    account = account_for(model, run, 0, 2, 4)
    told = pixel_account.describe_account(account, 2, 4, READING, "7", guidance)

    is_own = segments == (Segment(0, 3, 1.0),) and guidance == 1
    assert f"= {bits:.1f}\n\\text{{ bits}}" in told
    assert account.is_the_models_own == is_own
    assert (f"**{account.image_bits:.1f} bits** under $q$" in told) != is_own
    assert account.image_bits == pytest.approx(bits, abs=1e-3) or not is_own
    assert ("$$p(x_{17}" in told) == (segments[0].temperature == 1 and guidance == 1)
