"""A seccomp filter in classic BPF by ctypes (kernel Documentation/userspace-api/seccomp_filter.rst).

It takes away what Landlock does not cover: sockets, programs, processes, other processes, the system, and what evidence
carries besides its content (mode, owner, times, extended attributes). A denied call fails with EPERM.

    struct sock_filter   u16 code, u8 jt, u8 jf, u32 k
    struct seccomp_data  s32 nr @0, u32 arch @4, u64 instruction_pointer @8, u64 args[6] @16
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

# name: (x86_64, aarch64); -1 where the architecture has no such call.
_DENIED = {
    # the network
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200), "listen": (50, 201),
    "socketpair": (53, 199), "accept4": (288, 242),
    # programs and processes (clone only for threads, below)
    "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281),
    "setpgid": (109, 154), "setsid": (112, 157), "personality": (135, 92),
    # other processes (kill and its kind only for oneself, below)
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    # modes, owners, times, extended attributes, links
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
    "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36),
    "mknod": (133, -1), "mknodat": (259, 33),
    # mounts and name spaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "swapon": (167, 224), "swapoff": (168, 225),
    # the kernel, and ways around a filter
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142), "syslog": (103, 116),
    "iopl": (172, -1), "ioperm": (173, -1), "sethostname": (170, 161), "setdomainname": (171, 162),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    # identity and limits
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setgroups": (116, 159), "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151),
    "setfsgid": (123, 152), "capset": (126, 91), "setrlimit": (160, 164), "setpriority": (141, 140),
    # memory that no limit counts, or that outlives its process
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "semget": (64, 190),
    "msgget": (68, 186), "mq_open": (240, 180),
}  # fmt: skip
_TO_ONESELF = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
_CLONE, _CLONE3, _PRCTL, _PRLIMIT = (56, 220), (435, 435), (157, 167), (302, 261)
# Later calls are unknown to this list; libraries fall back when they are "not there". Stops the x32 numbers, too.
_LAST_KNOWN = 462

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_CLONE_THREAD = 0x10000
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _FILTER_MODE = 1, 22, 2
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))


def supported() -> bool:
    """Whether this machine's calls are known here: 64-bit Linux on x86_64 or aarch64."""
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES and ctypes.sizeof(ctypes.c_void_p) == 8


def restrict() -> None:
    """Put the filter on this process for good; raises OSError if the kernel will not have it."""
    program = _program(platform.machine(), os.getpid())
    libc = ctypes.CDLL(None, use_errno=True)
    asked = _Filter(len(program) // 8, program)
    if libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(asked), 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")


def _program(machine: str, pid: int) -> bytes:
    column, architecture = _ARCHITECTURES[machine]
    lines = [_op(_LOAD, 4), _op(_EQUAL, architecture, 1, 0), _op(_RETURN, _KILL)]
    lines += [_op(_LOAD, 0), _op(_GREATER, _LAST_KNOWN, 0, 1), _op(_RETURN, _ENOSYS)]
    lines += _when(_CLONE3[column], [_op(_RETURN, _ENOSYS)])
    lines += _when(_CLONE[column], [_op(_LOAD, 16), _op(_ANY_BIT, _CLONE_THREAD, 1, 0), *_deny_else_allow()])
    lines += _when(_PRCTL[column], [_op(_LOAD, 16), _op(_EQUAL, _PR_SET_PDEATHSIG, 0, 1), *_deny_else_allow()])
    # Limits may be asked for but not set: the pointer to new ones, both of its words, must be null.
    asks = [_op(_LOAD, 32), _op(_EQUAL, 0, 0, 2), _op(_LOAD, 36), _op(_EQUAL, 0, 1, 0)]
    lines += _when(_PRLIMIT[column], asks + _deny_else_allow())
    for numbers in _TO_ONESELF.values():
        lines += _when(numbers[column], [_op(_LOAD, 16), _op(_EQUAL, pid, 1, 0), *_deny_else_allow()])
    for numbers in _DENIED.values():
        if numbers[column] >= 0:
            lines += _when(numbers[column], [_op(_RETURN, _EPERM)])
    return b"".join([*lines, _op(_RETURN, _ALLOW)])


def _when(number: int, block: list[bytes]) -> list[bytes]:
    return [_op(_EQUAL, number, 0, len(block)), *block]


def _deny_else_allow() -> list[bytes]:
    return [_op(_RETURN, _EPERM), _op(_RETURN, _ALLOW)]


def _op(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, k)
