"""Partition tables and volumes, recognised by the first sectors: MBR, GPT, FAT, exFAT, NTFS, ext, HFS+ and ISO 9660.

UEFI 2.10 section 5 (MBR and GPT), ECMA-107 (FAT), the exFAT specification 3.1, the ext4 disk layout, TN1150, ECMA-119.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What stands at the start of a medium, and how sure that is (0 to 100)."""

    what: str
    strength: int


def recognise(at: ReadAt, size: int) -> Volume | None:
    """The first structure that fits: a volume before an MBR, since boot sectors carry the MBR's signature too."""
    boot = at(0, 512)
    if len(boot) < 512:
        return None
    if at(512, 8) == b"EFI PART" or at(4096, 8) == b"EFI PART":
        return Volume(what="GPT header", strength=100)
    return _boot_volume(boot, size) or _deep_volume(at) or _mbr(boot, size) or _damaged(at, boot, size)


# BIOS parameter block: jump 0-3; OEM name 3-11; bytes per sector 11-13; sectors per cluster 13; reserved 14-16;
# FATs 16; total sectors 19-21 or 32-36; media 21. Old floppies lack the final 55 AA.


def _boot_volume(boot: bytes, size: int) -> Volume | None:
    if boot[3:11] == b"NTFS    ":
        return Volume(what="NTFS boot sector", strength=100)
    if boot[3:11] == b"EXFAT   ":
        return Volume(what="exFAT boot sector", strength=100)
    sector, cluster, reserved = int.from_bytes(boot[11:13], "little"), boot[13], int.from_bytes(boot[14:16], "little")
    if sector not in (512, 1024, 2048, 4096) or cluster not in (1, 2, 4, 8, 16, 32, 64, 128):
        return None
    if not reserved or boot[16] not in (1, 2) or not (boot[21] == 0xF0 or boot[21] >= 0xF8):
        return None
    total = int.from_bytes(boot[19:21], "little") or int.from_bytes(boot[32:36], "little")
    if not total or boot[0] not in (0xEB, 0xE9):
        return None
    whole = total * sector <= size
    return Volume(
        what="FAT boot sector" + ("" if whole else ", image shorter than the volume"), strength=100 if whole else 75
    )


# ext superblock at 1024: s_log_block_size 24-28, s_magic 56-58 EF53, s_rev_level 76-80.
# HFS+ volume header at 1024: signature "H+" or "HX", version 4 or 5. ISO 9660: type 32768, "CD001" 32769-32774.


def _deep_volume(at: ReadAt) -> Volume | None:
    block = at(1024, 512)
    small = int.from_bytes(block[24:28], "little") <= 6 and int.from_bytes(block[76:80], "little") <= 1
    if len(block) == 512 and block[56:58] == b"\x53\xef" and small and any(block[:8]):
        return Volume(what="ext superblock", strength=100)
    if block[:4] in (b"H+\0\x04", b"HX\0\x05"):
        return Volume(what="HFS+ volume header", strength=100)
    if block[:2] == b"BD" and block[124:126] == b"H+":
        return Volume(what="HFS wrapper around HFS+", strength=90)
    descriptor = at(32768, 7)
    if descriptor[1:6] == b"CD001" and descriptor[6:7] == b"\x01":
        return Volume(what="ISO 9660 volume descriptor", strength=100)
    return None


# MBR: four entries of 16 bytes at 446: boot indicator 0, type 4, starting LBA 8-12, size in LBA 12-16; 55 AA at 510.


def _mbr(boot: bytes, size: int) -> Volume | None:
    if boot[510:512] != b"\x55\xaa":
        return None
    entries = [boot[446 + 16 * n : 462 + 16 * n] for n in range(4)]
    used = [entry for entry in entries if entry[4]]
    spans = sorted((int.from_bytes(e[8:12], "little"), int.from_bytes(e[12:16], "little")) for e in used)
    if not used or any(entry[0] not in (0x00, 0x80) for entry in entries) or any(not a or not n for a, n in spans):
        return None
    if any(a + n > b for (a, n), (b, _) in pairwise(spans)) or spans[0][0] * 512 >= size:
        return None
    whole = (spans[-1][0] + spans[-1][1]) * 512 <= size
    return Volume(
        what=f"MBR with {len(used)} partitions" + ("" if whole else ", image cut short"), strength=90 if whole else 75
    )


# What is left of a table: the copy of the GPT header in the last sector, or an MBR whose entries cannot all be true.
_SMALLEST_DISK = 1 << 20


def _damaged(at: ReadAt, boot: bytes, size: int) -> Volume | None:
    if size < _SMALLEST_DISK or size % 512:
        return None
    if at(size - 512, 8) == b"EFI PART":
        return Volume(what="GPT header in its last sector only", strength=90)
    entries = [boot[446 + 16 * n : 462 + 16 * n] for n in range(4)]
    plausible = all(entry[0] in (0x00, 0x80) for entry in entries) and any(entry[4] for entry in entries)
    if boot[510:512] == b"\x55\xaa" and plausible:
        return Volume(what="MBR whose entries do not fit together or into the image", strength=50)
    return None


def is_emptied(at: ReadAt, size: int) -> bool:
    """Whether a medium may have stood here whose first sector was wiped: zeros, but for the boot signature at most."""
    if size < _SMALLEST_DISK or size % 512:
        return False
    boot = at(0, 512)
    return not any(boot[446:510]) and (boot[510:] == b"\x55\xaa" or not any(boot))
