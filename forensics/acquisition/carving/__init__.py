"""Carving of a stored image: the map of what no live file has, the jobs that search it, their finds as a source."""
