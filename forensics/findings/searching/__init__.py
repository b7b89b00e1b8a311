"""Full-text search: what is searched, how texts and words are folded for it, the index, and what answers a query."""
