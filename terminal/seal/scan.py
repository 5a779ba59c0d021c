"""Codes in a picture of a page."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import zxingcpp

Grey = npt.NDArray[np.uint8]


def codes(picture: Grey) -> tuple[str, ...]:
    """The texts of all QR codes that can be read, in the order in which they are found.

    ``picture`` is rows of pixels, 0 black and 255 white.
    """
    found = zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return tuple(one.text for one in found if one.valid)
