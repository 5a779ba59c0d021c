"""What the project costs, measured when asked for; see ``./run bench --help``."""
