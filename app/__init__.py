"""The only layer that prints, draws, reads the command line or serves a page."""
