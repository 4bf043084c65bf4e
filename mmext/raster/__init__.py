"""Grids, strips, outlines and styles: what tools on georeferenced rasters share."""
