"""Lists, tables and properties: heaps, B-trees on them, property and table contexts ([MS-PST] 2.3)."""
