#!/usr/bin/env python
"""The same as ``mmext pretrain``."""

from mmext.cli.app import main

if __name__ == "__main__":
    main("pretrain")
