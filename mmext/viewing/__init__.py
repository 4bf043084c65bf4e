from .server import ViewServer
from .view import MapView

__all__ = ["MapView", "ViewServer"]
