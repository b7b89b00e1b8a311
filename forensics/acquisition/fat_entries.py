"""Where a deleted file stood on FAT and exFAT: its entry keeps the first cluster and the size, the rest is counted.

Microsoft's FAT specification of 2005 (sections 3, 4 and 6) and the exFAT specification 1.00 (sections 3, 4, 6 and 7).
TSK gives nothing where the first cluster is in use again; what stands behind it is still the file's.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from forensics.acquisition.filesystem_values import Range
from forensics.errors import FormatError

ReadAt = Callable[[int, int], bytes]

# FAT: BytsPerSec 11-13, SecPerClus 13, RsvdSecCnt 14-16, NumFATs 16, RootEntCnt 17-19, TotSec16 19-21, FATSz16 22-24,
#      TotSec32 32-36, FATSz32 36-40. Directory entry: FstClusHI 20-22, FstClusLO 26-28, FileSize 28-32.
# exFAT: FatOffset 80-84, FatLength 84-88, ClusterHeapOffset 88-92, ClusterCount 92-96, BytesPerSectorShift 108,
#      SectorsPerClusterShift 109. Stream extension 0x40 (deleted), 0xC0: GeneralSecondaryFlags 1 (bit 1 NoFatChain),
#      FirstCluster 20-24, DataLength 24-32; it follows its file entry 0x05 or 0x85.
_FIRST_INODE = 3  # TSK numbers the slots of 32 bytes from the first sector behind the tables on, from 3
_SLOT = 32
_MOST_CLUSTERS = 1 << 22


class Owners:
    """Live stretches with the time at which their file came to be."""

    def __init__(self, stretches: Iterable[tuple[int, int, int]]) -> None:
        self._spans = sorted(stretches)
        self._starts = [start for start, _, _ in self._spans]

    def born(self, offset: int) -> int | None:
        """When the live file that holds this byte came to be; None where none holds it."""
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset >= self._spans[at][0] + self._spans[at][1]:
            return None
        return self._spans[at][2]


class FatVolume:
    """The geometry of a FAT or exFAT volume, and what its tables say of a cluster."""

    def __init__(self, read_at: ReadAt, start: int) -> None:
        self._read_at = read_at
        self._start = start
        boot = read_at(start, 512)
        if len(boot) < 512:
            raise FormatError("the boot sector is missing", offset=start)
        self.extended = boot[3:11] == b"EXFAT   "
        self._read_geometry(boot)

    def _read_geometry(self, boot: bytes) -> None:
        if self.extended:
            self._sector, self._per_cluster = 1 << (boot[108] & 15), 1 << (boot[109] & 31)
            numbers = [int.from_bytes(boot[at : at + 4], "little") for at in (80, 88, 92)]
            self._table, self._heap, self.clusters = numbers
            self._first_data, self._width = self._heap, 32
            return
        self._sector, self._per_cluster = int.from_bytes(boot[11:13], "little"), boot[13]
        if self._sector not in (512, 1024, 2048, 4096) or not self._per_cluster:
            raise FormatError("the boot sector holds no sizes of a FAT volume", offset=self._start)
        roots = (int.from_bytes(boot[17:19], "little") * _SLOT + self._sector - 1) // self._sector
        table = int.from_bytes(boot[22:24], "little") or int.from_bytes(boot[36:40], "little")
        total = int.from_bytes(boot[19:21], "little") or int.from_bytes(boot[32:36], "little")
        self._table = int.from_bytes(boot[14:16], "little")
        self._first_data = self._table + boot[16] * table
        self._heap = self._first_data + roots
        self.clusters = max(0, total - self._heap) // self._per_cluster
        # The number of clusters decides, but a volume without a 16-bit size of its tables was made as FAT32.
        small = 12 if self.clusters < 4085 else 16
        self._width = small if self.clusters < 65525 and int.from_bytes(boot[22:24], "little") else 32

    @property
    def cluster_size(self) -> int:
        """Bytes of a cluster."""
        return self._sector * self._per_cluster

    def place(self, cluster: int) -> int:
        """Where in the image a cluster stands."""
        return self._start + self._heap * self._sector + (cluster - 2) * self.cluster_size

    def next(self, cluster: int) -> int:
        """What the first table has for a cluster: 0 where it is free, or that is no longer said."""
        table = self._start + self._table * self._sector
        if self._width == 12:
            pair = int.from_bytes(self._read_at(table + cluster * 3 // 2, 2), "little")
            return pair >> 4 if cluster & 1 else pair & 0xFFF
        width = self._width // 8
        value = int.from_bytes(self._read_at(table + cluster * width, width), "little")
        return value if self.extended else value & 0x0FFFFFFF

    def entry(self, inode: int) -> tuple[int, int, bool] | None:
        """First cluster, size and whether the file is known to be in one piece; None where this is no file's entry."""
        at = self._start + self._first_data * self._sector + (inode - _FIRST_INODE) * _SLOT
        slot = self._read_at(at, 2 * _SLOT)
        if len(slot) < 2 * _SLOT:
            return None
        if not self.extended:
            first = (int.from_bytes(slot[20:22], "little") << 16) + int.from_bytes(slot[26:28], "little")
            return (first & 0x0FFFFFFF, int.from_bytes(slot[28:32], "little"), False) if first else None
        # A set whose second entry lies in the next cluster is left to TSK: where that cluster is, nothing says.
        if slot[0] & 0x7F != 0x05 or slot[32] & 0x7F != 0x40:
            return None
        first, size = struct.unpack_from("<IQ", slot, 32 + 20)
        return (first, size, bool(slot[33] & 2)) if first else None

    def ranges(self, inode: int, size: int, written: int, owners: Owners) -> tuple[tuple[Range, ...], bool] | None:
        """Where a deleted file stood, and whether that is assumed.

        Without a chain it is counted on from the first cluster. A cluster that belongs to a live file older than the
        deleted one was in its way already and is left out; one that was taken later is part of it, and overwritten.
        """
        found = self.entry(inode)
        if found is None or found[1] != size or not 2 <= found[0] < self.clusters + 2:
            return None
        first, _, in_one_piece = found
        count = (size + self.cluster_size - 1) // self.cluster_size
        if count > min(_MOST_CLUSTERS, self.clusters):
            return None
        chain = self._chain(first, count) if self.extended and not in_one_piece else None
        if chain is None:
            older = (lambda cluster: False) if in_one_piece else self._older(written, owners)
            chain = list(self._counted(first, count, older))
        return tuple(self._joined(chain, size)), not in_one_piece

    def _chain(self, first: int, count: int) -> list[int] | None:
        """exFAT leaves the chain of a deleted file where it was; None where it no longer fits the size."""
        chain = [first]
        while len(chain) < count:
            following = self.next(chain[-1])
            if not 2 <= following < self.clusters + 2:
                return None
            chain.append(following)
        return chain if len(set(chain)) == count else None

    def _older(self, written: int, owners: Owners) -> Callable[[int], bool]:
        def older(cluster: int) -> bool:
            born = owners.born(self.place(cluster))
            return born is not None and born < written

        return older

    def _counted(self, first: int, count: int, older: Callable[[int], bool]) -> Iterator[int]:
        cluster = first
        while count and cluster < self.clusters + 2:
            if cluster == first or not older(cluster):
                yield cluster
                count -= 1
            cluster += 1

    def _joined(self, chain: list[int], size: int) -> Iterator[Range]:
        at, index = 0, 0
        while index < len(chain):
            end = index + 1
            while end < len(chain) and chain[end] == chain[end - 1] + 1:
                end += 1
            length = min((end - index) * self.cluster_size, size - at)
            yield Range(file_offset=at, image_offset=self.place(chain[index]), length=length)
            at, index = at + length, end
