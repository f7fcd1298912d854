"""The pages of the browser laboratory; the only package that imports gradio."""
