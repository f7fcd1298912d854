"""What is measured of a model that has a capability, a subject a file; each ends with its
`EVALUATORS`.
"""
