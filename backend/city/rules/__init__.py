"""The restrictions of requirements.md as pure functions, each its own row, all of them always asked.

``case`` is what they may look at, ``person`` and ``products`` are the rules in the order in which their
findings count, ``people`` says who may be on a sheet, ``judge`` asks them.
"""
