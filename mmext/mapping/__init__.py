"""From a scene to a map, and what is judged and mended by one."""
