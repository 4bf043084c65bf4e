from .union_decoder import UnionDecoder

__all__ = ["UnionDecoder"]
