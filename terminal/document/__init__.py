"""From a sealed certificate to checked 1-bit pages, in a process that lives as long as one visit."""
