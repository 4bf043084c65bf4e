#!/usr/bin/env python
"""The same as ``mmext depth scenes``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("depth", "scenes")
