#!/usr/bin/env python
"""The same as ``mmext depth predict``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("depth", "predict")
