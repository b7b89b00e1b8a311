"""Logs of mail servers and services: lines and rows with their place in the file, and what each of them says.

Every module reads one kind of log. A line either becomes one :class:`~forensics.formats.logs.event.Logged` or is handed
back as it is; nothing is skipped, and no line needs another one to be understood. What belongs together over several
lines (a queue id, a session) is joined later, where all logs are at hand.
"""
