"""Fictional people: named ones for every rule, and as many others as somebody wants.

Everything is drawn from seeds, so the same day always has the same people. None of them can be anybody:
their My Numbers fail their own check digit, their cities do not exist.
"""
