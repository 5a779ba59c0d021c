"""The whole thing on a desk: backend, terminal, devices one can touch, in one process tree."""
