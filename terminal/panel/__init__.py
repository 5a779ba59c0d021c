"""The page on the touch screen: one more face of the visit, which a config adds."""
