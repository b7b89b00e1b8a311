"""Disk images from the parent's side: the files of an image, is it whole, the stores in it, each store a Source.

The parent opens no image. Workers check it, list it and copy stores into a spool; what comes back is checked JSON and
files, which are hashed again here while they are read into the case. This module is where the parts of that meet.
"""

from __future__ import annotations

from forensics.acquisition.image_check import examine_image
from forensics.acquisition.image_files import (
    EWF,
    IMAGE_KINDS,
    RAW,
    ImageFiles,
    ImageLayer,
    image_at,
    segment_suffix,
    segments_beside,
    segments_named,
)
from forensics.acquisition.image_source import ImageSource
from forensics.acquisition.image_values import ImageReport, ImageStore, Keys, limits_for

__all__ = [
    "EWF",
    "IMAGE_KINDS",
    "RAW",
    "ImageFiles",
    "ImageLayer",
    "ImageReport",
    "ImageSource",
    "ImageStore",
    "Keys",
    "examine_image",
    "image_at",
    "limits_for",
    "segment_suffix",
    "segments_beside",
    "segments_named",
]
