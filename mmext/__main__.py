"""``python -m mmext``: the same as the command ``mmext``."""

from mmext.cli.app import main

main()
