"""When pages are filled: what is open from the start at once, the rest when its family is."""

import gradio as gr

from genlab.store import ModelStore
from genlab.ui import kit, shell


def declared():
    """An app whose pages all want a first picture, and the events that bring it, by output."""
    with gr.Blocks(analytics_enabled=False) as app, gr.Tabs():
        for family in ("first", "second"):
            with gr.Tab(family, elem_classes=kit.FAMILY), gr.Tabs():
                for page in ("a", "b"):
                    with gr.Tab(page):
                        shown = gr.Textbox(elem_id=f"{family}-{page}")
                        kit.on_first_sight(lambda: "here", shown)
    return app


def triggers(app):
    """elem_id of an output → the names of the events that fill it."""
    return {
        output.elem_id: [(app.blocks.get(place), event) for place, event in each.targets]
        for each in app.fns.values()
        for output in each.outputs
        if getattr(output, "elem_id", None)
    }


def test_the_open_family_is_filled_as_the_page_loads_all_its_pages_alike():
    found = triggers(declared())

    for page in ("a", "b"):
        assert [event for _, event in found[f"first-{page}"]] == ["load"]


def test_another_family_is_filled_when_its_own_tab_is_first_selected():
    app = declared()
    found = triggers(app)

    (first, event), (second, other) = found["second-a"][0], found["second-b"][0]
    assert first is second  # one for all pages of the family
    assert isinstance(first, gr.State)
    assert event == other == "change"  # fires once: the value stays True
    setters = [each for each in app.fns.values() if first in each.outputs]
    assert [(app.blocks[place].label, name) for place, name in setters[0].targets] == [
        ("second", "select")
    ]
    assert [each.fn() for each in setters] == [True]
    assert first.value is False


def test_a_page_without_a_family_is_filled_as_it_loads():
    with gr.Blocks(analytics_enabled=False) as app, gr.Tabs():
        gr.Tab("empty")
        with gr.Tab("page"):
            shown = gr.Textbox(elem_id="shown")
            kit.on_first_sight(lambda: "here", shown)

    assert [event for _, event in triggers(app)["shown"]] == ["load"]


def test_the_site_loads_with_the_first_family_s_pictures_only(tmp_path):
    app = shell.build_app(ModelStore(tmp_path, ()))

    families = [each for each in app.blocks.values() if kit.FAMILY in (each.elem_classes or ())]
    assert [each.label for each in families] == [tab.title for tab in shell.tabs()]
    for each in app.fns.values():
        if ("load" in [event for _, event in each.targets]) and each.outputs:
            block = each.outputs[0]
            while block not in families:
                block = block.parent
            assert block is families[0]
