"""PST and OST stores: the header by our own code, the items through libpff-python for now ([MS-PST])."""
