"""The one catalogue of words: for the screen, the display and the voice alike."""
