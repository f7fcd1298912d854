"""What all our components are: a gr.HTML of the files beside this one, with props of its own.

A component's first look needs its markup, styles and scripts in every instance, and gradio needs
its props twice: as what the browser gets, and as attributes. Both are done here, once.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import gradio as gr

from genlab.ui.canvas.source import markup, script, stylesheet


class CanvasComponent(gr.HTML):
    """The base of a component; one that is an event's input has a `preprocess` of its own.

    Attributes:
        VALUE: what the API's description says about the value.
    """

    VALUE: ClassVar[str]

    def _declare(
        self,
        value: object,
        *,
        files: str,
        scripts: Sequence[str],
        styles: Sequence[str] | None = None,
        label: str | None = None,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
        rows: int = 1,
        cols: int = 1,
        size: int,
        **props: Any,  # noqa: ANN401
    ) -> None:
        """In place of `super().__init__`.

        Args:
            files: name of the .html file, and of the .css file where `styles` are not named.
            scripts: names of the .js files after grid.js, in the order in which they run.
            styles: names of the .css files after canvas.css.
            rows: what the shared styles ask for with `cols`: the shape of the frame.
            size: width in CSS pixels where there is room.
            props: whatever else its scripts read, each an attribute as well.
        """
        props |= {"rows": rows, "cols": cols, "size": size}
        # First: gradio asks `postprocess` for the value, which may need them. And it takes an unset
        # attribute that our script names in quotes for an event of it.
        vars(self).update(props)
        super().__init__(
            value=value,
            label=label,
            html_template=markup(files),
            css_template=stylesheet(*((files,) if styles is None else styles)),
            js_on_load=script("grid", *scripts),
            apply_default_css=False,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            **props,
        )

    def preprocess(self, payload: Any) -> Any:  # noqa: ANN401
        """Refuse to be an input.

        Raises:
            gr.Error: always.
        """
        raise gr.Error("This picture cannot be sent back. Reload the page and try again.")

    def api_info(self) -> dict[str, Any]:
        """See `VALUE`."""
        return {"type": "string", "description": self.VALUE}
