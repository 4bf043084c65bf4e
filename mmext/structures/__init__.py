from .error_bank import ErrorBank

__all__ = ["ErrorBank"]
