"""Samplers: a capability becomes an iterator of frames. A file a capability, not a model."""
