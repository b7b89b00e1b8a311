"""The makers of the sample case: standard library only, no clock, no chance, the same bytes on every run."""
