"""Scenes made here, whose truth is known."""
