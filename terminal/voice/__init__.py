"""The voice: texts of the catalogue → recordings, one after the other."""
