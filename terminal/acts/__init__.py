"""What the conductor's hands do: one module for each kind of command, in visiting order.

Every act writes what it is about to do into the journal first, ends in events, and turns every failure
into a refusal in one place (``failures``).
"""
