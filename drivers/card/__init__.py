"""The My Number Card: its commands, its application, and a software one that behaves alike."""
