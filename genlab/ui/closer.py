"""The two folded parts at the foot of every tab: *Look closer* and *Common mistakes*."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from genlab.analysis.layers import LayerRow
from genlab.ui import kit

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "$", "right": "$", "display": False},
]


@dataclass(frozen=True)
class Claim:
    """A common mistake, what is so, and a check that runs on the spot.

    Attributes:
        said: the claim as one hears it.
        so: what is so, in a sentence or two.
        check: called with the visitor's choice, as it was sent; the finding, computed, in Markdown.
    """

    said: str
    so: str
    check: Callable[[str], str]


def common_mistakes(claims: tuple[Claim, ...], choice: gr.components.Component) -> None:
    """A card a claim, each with its check of what is chosen; another choice clears all findings."""
    findings, checks = [], []
    with gr.Accordion("Common mistakes", open=False), gr.Row():
        for claim in claims:
            with gr.Column(min_width=280, elem_classes="genlab-claim"):
                gr.Markdown(f"**“{claim.said}”**\n\n{claim.so}")
                check = gr.Button("Check it", size="sm")
                finding = gr.Markdown("", elem_classes="genlab-finding", latex_delimiters=LATEX)
                findings.append(finding)
                checked = check.click(
                    kit.readable_errors(claim.check),
                    choice,
                    finding,
                    show_progress="minimal",
                    show_progress_on=finding,
                    api_visibility="private",
                    preprocess=False,
                    **kit.COMPUTE,
                )
                checks.append(checked)
    nothing = json.dumps([""] * len(findings) if len(findings) > 1 else "")
    choice.change(None, None, findings, js=f"() => {nothing}", cancels=checks,
                  show_progress="hidden", api_visibility="private")  # fmt: skip


def layer_rows(rows: list[LayerRow]) -> str:
    """The layers as a Markdown table."""
    head = "| layer | kind | output | parameters |\n|---|---|---|---:|"
    lines = [
        f"| `{row.name}` | {row.kind} | {' × '.join(map(str, row.shape))} | {row.parameters:,} |"
        for row in rows
    ]
    total = sum(row.parameters for row in rows)
    return "\n".join([head, *lines, f"| **all** | | | **{total:,}** |"])
