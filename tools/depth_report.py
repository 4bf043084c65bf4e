#!/usr/bin/env python
"""The same as ``mmext depth report``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("depth", "report")
