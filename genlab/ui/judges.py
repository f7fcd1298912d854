"""Which shipped classifier may say what is in a picture: the one of the data that a card is of."""

from genlab import data
from genlab.core.images import ImageSpec
from genlab.core.protocols import Classifier
from genlab.store import ModelStore


def judge_of(store: ModelStore, card: str, spec: ImageSpec) -> Classifier | None:
    """The classifier of the data that a card was trained on, which sees pictures of `spec`.

    None where there is none: no judge of this data is shipped, or it sees pictures of another size.
    """
    wanted = data.name_of(store.card(card).data)
    for each in store.cards_with(Classifier):
        if data.name_of(each.data) == wanted:
            judge = store.get(each.name)
            return judge if judge.spec.shape == spec.shape else None
    return None
