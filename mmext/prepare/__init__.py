"""From scenes and labels to what a training reads."""
