"""GenLab: watch image generators think.

A model offers a capability, a sampler turns the capability into an iterator of frames,
a tab shows frames.
"""
