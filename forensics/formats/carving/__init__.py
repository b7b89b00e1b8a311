"""Mail found by content alone: in free space, in slack, on media without a file system; bytes in, objects out."""
