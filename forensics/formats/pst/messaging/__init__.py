"""The messaging layer: store, folders, items, recipients, attachments, rules ([MS-PST] 2.4)."""
