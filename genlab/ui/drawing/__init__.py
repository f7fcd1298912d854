"""Block diagrams as SVG: plain text made of data, without a component of gradio's."""
