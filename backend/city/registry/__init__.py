"""What a city knows of its residents, read in one snapshot and never further than asked (I-9, I-13)."""
