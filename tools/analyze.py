#!/usr/bin/env python
"""The same as ``mmext analyze``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("analyze")
