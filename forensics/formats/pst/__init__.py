"""PST and OST stores by our own engine, layer by layer: `ndb`, `ltp`, `messaging`, `recovery`; libpff is the second opinion."""
