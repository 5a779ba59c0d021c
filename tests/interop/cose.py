"""Verifies seals with pycose; runs in an environment of its own, because it needs an older cbor2.

Takes {"key": HEX, "codes": […]} and answers what each code says, whether it verifies, and whether it still
does with one bit of its payload changed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import base45
import cbor2
from pycose.headers import KID  # type: ignore[import-not-found,import-untyped,unused-ignore]
from pycose.keys import OKPKey  # type: ignore[import-not-found,import-untyped,unused-ignore]
from pycose.messages import Sign1Message  # type: ignore[import-not-found,import-untyped,unused-ignore]

CONTEXT = b"madoguchi/seal/v1"


def verified(code: str, key: Any, flip: int | None = None) -> tuple[bool, Any]:
    message: Any = Sign1Message.decode(base45.b45decode(code.removeprefix("MG1:")))
    message.key = key
    message.external_aad = CONTEXT
    if flip is not None:
        payload = bytearray(message.payload)
        payload[flip] ^= 1
        message.payload = bytes(payload)
    return bool(message.verify_signature()), message


def plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


given = json.load(sys.stdin)
key = OKPKey(crv="ED25519", x=bytes.fromhex(given["key"]))
answers = []
for code in given["codes"]:
    good, message = verified(code, key)
    answers.append(
        {
            "verified": good,
            "tampered": verified(code, key, flip=-1)[0],
            "kid": message.phdr[KID].hex(),
            "payload": {str(k): plain(v) for k, v in cbor2.loads(message.payload).items()},
        }
    )
json.dump(answers, sys.stdout)
