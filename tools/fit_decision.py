#!/usr/bin/env python
"""The same as ``mmext fit-decision``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("fit-decision")
