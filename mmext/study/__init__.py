"""Many trainings on one tile store, compared."""
