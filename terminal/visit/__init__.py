"""The visit as a pure value: states, events, commands and screens; no I/O anywhere below here."""
