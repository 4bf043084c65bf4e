#!/usr/bin/env python
"""The same as ``mmext depth convert-ms2``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("depth", "convert-ms2")
