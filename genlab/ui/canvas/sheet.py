"""Pictures laid out as one PNG in a data URL: the components cut out of it what they show.

One PNG of many small pictures is smaller than many PNGs, arrives at once and is decoded once.
"""

import base64
import io

from PIL import Image
from torch import Tensor

from genlab.core.images import to_picture


def picture_sheet(pictures: Tensor) -> str:
    """A data URL of pictures in rows and columns, without gaps.

    Args:
        pictures: (rows, columns, C, H, W) in [0, 1], C = 1 for grey, 3 for colour.
    """
    tall = pictures.movedim(-2, 1).flatten(0, 1)  # (rows·H, columns, C, W)
    sheet = to_picture(tall.movedim(-2, -1).flatten(1, 2)).cpu().numpy()  # (rows·H, columns·W, C)
    content = io.BytesIO()
    Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
