"""A session type's table as a picture: an SVG document. Pure: a definition in, text out."""

from interlock.drawing.picture import svg

__all__ = ["svg"]
