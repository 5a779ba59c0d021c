"""The seal on a certificate's pages, read back: docs/seal.md is what it says. Nothing of the maker's is shared."""
