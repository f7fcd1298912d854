"""Layers that torch lacks, which the models and the analyses both stack."""
