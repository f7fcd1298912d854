"""checkpoints/README.md is what the cards say."""

import pytest

from genlab.analysis.figures import describe
from genlab.core.cards import Figure
from genlab.store import CHECKPOINTS, ModelStore
from train.table import main, page, table


def test_the_shipped_table_is_that_of_the_shipped_cards():
    shipped = (CHECKPOINTS / "README.md").read_text(encoding="utf8")

    assert shipped == page(ModelStore()), "run `python -m train.table`"


def test_every_shipped_card_stands_in_the_table():
    text = page(ModelStore())

    for card in ModelStore().cards:
        assert (f"| `{card.name}` |" in text) == ModelStore().has_weights(card.name)


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (83.4521, 0.1941, "83.45 ± 0.19"),
        (0.99412, 0.0008, "0.9941 ± 0.0008"),
        (12.0, 0.0, "12"),
        (3.7417, 1.5e-8, "3.742"),
        (-0.0021, 0.0004, "−0.0021 ± 0.0004"),
    ],
)
def test_a_figure_has_the_digits_that_its_error_deserves(value, error, expected):
    assert describe(Figure(value, error, 10, "x")) == expected


def test_a_table_has_a_cell_for_every_column():
    assert table(["a", "b"], [["1", "2"]]).splitlines() == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | 2 |",
    ]


def test_a_damaged_card_is_named(tmp_path, capsys):
    for file in CHECKPOINTS.glob("gated-mnist.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "gated-mnist.json").write_text("{}")

    assert main(["--checkpoints", str(tmp_path)]) == 2
    assert "gated-mnist.json" in capsys.readouterr().err
    assert not (tmp_path / "README.md").exists()
