#!/usr/bin/env python
"""The same as ``mmext prepare-dataset``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("prepare-dataset")
