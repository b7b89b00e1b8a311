"""Mail found by content alone: in unallocated space, in slack, on media without a file system; bytes in, objects out."""
