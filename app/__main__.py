"""``python -m app``: the same as ``mensetsu``."""

from app.cli import main

if __name__ == "__main__":
    main()
