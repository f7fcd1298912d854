import pytest
import torch
from lively import enliven

from genlab.core.images import ImageSpec
from genlab.core.protocols import Classifier
from genlab.data import DataSet
from genlab.models.judge import Judge
from train.evaluator import Subject
from train.evaluators.accuracy import accuracy
from train.recipes.judge import SHIFT, moved, validation_errors


@pytest.fixture
def judge():
    return enliven(Judge(ImageSpec(1, 8, 8), classes=4, width=8, num_features=6))


class Oracle(torch.nn.Module):
    """Reads the class off the brightness; wrong for class 0."""

    spec, classes, num_features = ImageSpec(1, 2, 2), 4, 1

    def classify(self, images):
        read = (images.mean(dim=(1, 2, 3)) * 255 / 60).round().long()
        return torch.nn.functional.one_hot(torch.where(read == 0, 1, read), 5).float()


def brightness(labels):
    images = (labels * 60).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return DataSet(images, labels, tuple("abcd"))


def test_a_judge_classifies_what_its_features_say(judge):
    images = torch.rand(3, 1, 8, 8)

    assert isinstance(judge, Classifier)
    assert judge.features(images).shape == (3, judge.num_features)
    torch.testing.assert_close(judge.classify(images), judge.output(judge.features(images)))


def test_a_picture_is_judged_alone(judge):
    images = torch.rand(4, 1, 8, 8)

    together = judge.classify(images)

    torch.testing.assert_close(judge.classify(images[2:3])[0], together[2])


def test_accuracy_is_the_share_of_right_answers():
    data = brightness(torch.tensor([0, 1, 2, 3] * 5))

    measured = {each.name: each for each in accuracy(Subject(Oracle(), lambda split: data))}

    assert measured["test_accuracy"].value == 0.75
    assert measured["test_accuracy"].n == 20
    assert measured["test_accuracy"].standard_error == pytest.approx((0.75 * 0.25 / 20) ** 0.5)


def test_validation_counts_errors_in_a_hundred():
    assert validation_errors(Oracle(), brightness(torch.tensor([0, 1, 2, 3]))) == 25


@pytest.mark.parametrize("mirrored", [False, True])
def test_moved_pictures_keep_their_label_and_ink(mirrored):
    images = torch.zeros(256, 1, 12, 12, dtype=torch.uint8)
    labels = torch.arange(256) % 2
    images[:, :, 5:7, 4] = 255  # left of the middle, away from every edge
    batches = moved(
        DataSet(images, labels, ("a", "b")), torch.Generator().manual_seed(0), mirrored=mirrored
    )

    for _, batch in zip(range(20), batches, strict=False):
        assert batch["images"].sum(dim=(1, 2, 3)).eq(2).all()
        columns = batch["images"].sum(dim=(1, 2)).argmax(dim=1)
        unmirrored = (columns - 4).abs() <= SHIFT
        turned = (columns - 7).abs() <= SHIFT
        assert (unmirrored | turned).all()
        assert unmirrored.all() or mirrored


def test_only_mirroring_mirrors():
    images = torch.zeros(128, 1, 12, 12, dtype=torch.uint8)
    images[:, :, 5, 1] = 255
    data = DataSet(images, torch.zeros(128, dtype=torch.int64), ("a",))

    columns = [
        next(moved(data, torch.Generator().manual_seed(0), mirrored=flag))["images"]
        .sum(dim=(1, 2))
        .argmax(dim=1)
        for flag in (False, True)
    ]

    assert columns[0].unique().numel() == 1
    assert columns[1].unique().numel() == 2
