"""Lets every update of a `gr.HTML` component carry all of its props.

Gradio 6.31 sends the props that a handler names, and no others. The browser merges them into a
component that stands on the page; one in a tab that was not opened yet gets them *instead of* its
own, and later appears without a size, or not at all. The server knows the whole, so it sends the
whole.
"""

from typing import Any

import gradio as gr
from gradio import blocks
from gradio.blocks import Block

_postprocess = blocks.postprocess_update_dict


def send_whole_props() -> None:
    """Make gradio complete the props of updates; doing it twice changes nothing."""
    blocks.postprocess_update_dict = complete_update


def complete_update(block: Block, update_dict: dict, postprocess: bool = True) -> dict[str, Any]:
    """As gradio's function of the same arguments.

    Args:
        block: as it is after the update, with what earlier updates of this visitor left.
    """
    update = _postprocess(block, update_dict, postprocess)
    if isinstance(block, gr.HTML) and "props" in update:
        update["props"] = {**block.props, **update["props"]}
    return update
