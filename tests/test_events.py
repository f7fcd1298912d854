"""What every event of the whole app is wired for."""

from genlab.store import ModelStore
from genlab.ui.shell import build_app

CHOOSING = {"input", "change"}


def test_no_choice_is_dropped_while_the_one_before_it_is_answered():
    app = build_app(ModelStore())

    choices = [
        (function, type(app.blocks[component]).__name__, event)
        for function in app.fns.values()
        for component, event in function.targets
        if event in CHOOSING
    ]

    assert len(choices) > 50
    dropping = [
        f"{name}.{event}: {function.fn}"
        for function, name, event in choices
        if function.trigger_mode == "once" and function.fn is not None
    ]
    assert dropping == [], "gradio's default; say always_last, or the last choice may be lost"
