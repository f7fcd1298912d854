"""Answers that a browser need not fetch again, by entity tag (RFC 9110, section 8.8.3)."""

import hashlib
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope


def tagged(scope: Scope, body: bytes, headers: Mapping[str, str]) -> Response:
    """The body with its tag, or word that the browser has it already.

    Args:
        scope: of the request.
        headers: of the answer; a length is not needed.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**headers, "etag": tag}
    if Headers(scope=scope).get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers)
