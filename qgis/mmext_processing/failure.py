class Failure(Exception):
    """Why mmext could not do what was asked, in one line."""
