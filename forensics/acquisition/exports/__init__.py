"""Exports of providers and mail servers: recognised, unpacked, and held against what the provider says it delivered."""
