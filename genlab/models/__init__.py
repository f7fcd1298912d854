"""The networks, a family a file; each ends with its `CARDS`. No sampling, training or screen."""
