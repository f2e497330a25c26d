from .agreed import AgreedSignature, AgreedValue

__all__ = ["AgreedSignature", "AgreedValue"]
