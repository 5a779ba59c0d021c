"""A call that fails for a reason that is no person's business: stable code, status, detail."""

from __future__ import annotations

import hashlib
from enum import Enum

from terminal.link import wire


class Code(Enum):
    """Every code, with its HTTP status. 401 who, 404 what, 409 when, 422 content, 503 not now."""

    MALFORMED = ("message.malformed", 400)
    TERMINAL_UNKNOWN = ("terminal.unknown", 401)
    TERMINAL_EXPIRED = ("terminal.expired", 401)
    OPERATOR_UNKNOWN = ("terminal.operator_unknown", 401)
    OPERATOR_EXPIRED = ("terminal.operator_expired", 401)
    CERTIFICATE_WITHDRAWN = ("terminal.certificate_withdrawn", 401)
    NO_SUCH_PATH = ("path.unknown", 404)
    METHOD = ("path.method", 405)
    VISIT_UNKNOWN = ("visit.unknown", 404)
    ORDER_UNKNOWN = ("order.unknown", 404)
    COPY_UNKNOWN = ("order.copy_unknown", 404)
    BUILD_UNKNOWN = ("terminal.build_unknown", 409)
    VISIT_EXPIRED = ("visit.expired", 409)
    NOT_SIGNED_IN = ("visit.not_signed_in", 409)
    ORDER_ENDED = ("order.ended", 409)
    NOT_ISSUED = ("order.not_issued", 409)
    TOO_LARGE = ("message.too_large", 413)
    OTHER_BODY = ("id.other_body", 422)
    NONCE_SPENT = ("visit.nonce_spent", 422)
    SIGNATURE = ("signature.wrong", 422)
    ORDER_MISMATCH = ("order.mismatch", 422)
    AMOUNT = ("payment.amount", 422)
    PAYMENT_REFERENCE = ("payment.reference_used", 422)
    INTERNAL = ("centre.error", 500)
    NOT_NOW = ("centre.not_now", 503)

    def __init__(self, code: str, status: int) -> None:
        self.code = code
        self.status = status


class ProblemError(Exception):
    """Ends a call with a ``wire.Problem``; ``detail`` is for operators and names nobody."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(f"{code.code}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def message(self) -> wire.Problem:
        return wire.Problem(code=self.code.code, detail=self.detail[:400])


def body_digest(message: wire.Message) -> bytes:
    """What "the same body" means for an id that is used twice."""
    return hashlib.sha256(wire.encode(message)).digest()
