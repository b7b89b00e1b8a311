"""The two encodings of data blocks, permute and cyclic: [MS-PST] 5.1 and 5.2. They hide text and protect nothing."""

from __future__ import annotations

from functools import cache

NONE = 0x00
PERMUTE = 0x01
CYCLIC = 0x02
WIP = 0x10
"""Encrypted under Windows Information Protection: the key is not in the file."""

METHODS = (NONE, PERMUTE, CYCLIC)

# mpbbCrypt of [MS-PST] 5.1: R encodes, I is its inverse and decodes, S is its own inverse.
R = bytes.fromhex(
    "41361362a8216ebbf416cc047f64e85d1ef2cb2a74c55e35d295479e962d9a88"
    "4c7d843fdbac31b6485ff6c4d8398be7233b388ec8c1df25b120a546604e9cfb"
    "aad35651457c550007c92b9d859b09a08fadb30f63ab894bd7a7155a716642bf"
    "264a6b98faea7753b270052cfd593a867ece06eb827857c78d43afb41cd45bcd"
    "e2e9274fc3087280cfb0eff5286dbe304d3492d50e3c2232e5e4f99fc2d10a81"
    "12e1ee918376e397e6618a1779a4b7dc907a5c8c02a6ca69de501a1193b95287"
    "58fced1d37491b6ae0293399bd6cd994f340546ff0c673b8d63e6518441fdd67"
    "10f10c19ecae03a1147ba90bfff8a3c0a201f72ebc2468750dfeba2fb5d0da3d"
)
S = bytes.fromhex(
    "14530f56b3c87a9ceb65481716159f02cc547c83000d0c0ba262a876dbd9edc7"
    "c5a4dcac8574d6d0a79bae9a967166c36399b8dd73928e847da55ed15d93b157"
    "5150808952944f4e0a6bbc8d7f6e47464140440111cb033ff7f4e1a98f3c3af9"
    "fbf0193082092ec99da08649ee6f4d6dc42d813425871b88aafc06a11238fd4c"
    "4272641337246a757743ffe6b44b365ce4d8353d45b92cecb7312b290768a30e"
    "697b189e2139be281a5b78f523ca2ab0af3efe048ce7e5983295d3f64ae8a6ea"
    "e9f3d52f7020f21f0567ad5510cecde3273bdabad7c226d4911dd21c2233f8fa"
    "f15aefcf90b68bb5bdc0bf08971e6ce261e0c6c159abbb58de5fdf60797eb28a"
)
I = bytes(R.index(each) for each in range(256))  # noqa: E741 - the specification's own name

_LOW = b"\x7f"
_HIGH = b"\x80"
_RAMP = bytes(range(256))


def decode(data: bytes, method: int, bid: int) -> bytes:
    """The plain bytes of an external data block; an unknown method leaves them as they are."""
    if method == PERMUTE:
        return data.translate(I)
    if method == CYCLIC:
        return cyclic(data, bid)
    return data


def encode(data: bytes, method: int, bid: int) -> bytes:
    """The stored bytes of an external data block."""
    return data.translate(R) if method == PERMUTE else decode(data, method, bid)


def cyclic(data: bytes, bid: int) -> bytes:
    """Encode or decode, which is the same, with the key that follows from the block's id ([MS-PST] 5.2)."""
    if not data:
        return b""
    word = (bid ^ bid >> 16) & 0xFFFF
    size = len(data)
    start = word & 0xFF
    low = (_RAMP[start:] + _RAMP * (size // 256 + 1))[:size]
    shifted = _add(data, low)
    turned = []
    at, high = 0, word >> 8
    while at < size:
        # The high byte of the key changes where its low byte comes round to zero.
        stop = 256 - start if at == 0 else at + 256
        turned.append(shifted[at:stop].translate(_rotor(high)))
        at, high = stop, (high + 1) & 0xFF
    return _subtract(b"".join(turned), low)


@cache
def _rotor(high: int) -> bytes:
    return bytes(I[(S[(R[each] + high) & 0xFF] - high) & 0xFF] for each in range(256))


def _add(one: bytes, other: bytes) -> bytes:
    """Byte by byte, modulo 256: the carry out of each byte is kept away from the next."""
    size = len(one)
    left, right = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    low, high = int.from_bytes(_LOW * size, "little"), int.from_bytes(_HIGH * size, "little")
    return (((left & low) + (right & low)) ^ ((left ^ right) & high)).to_bytes(size, "little")


def _subtract(one: bytes, other: bytes) -> bytes:
    size = len(one)
    left, right = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    low, high = int.from_bytes(_LOW * size, "little"), int.from_bytes(_HIGH * size, "little")
    return (((left | high) - (right & low)) ^ ((left ^ ~right) & high)).to_bytes(size, "little")
