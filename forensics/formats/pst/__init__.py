"""PST and OST stores by our own engine, in layers: `ndb`, `ltp`, `messaging`, `recovery`; libpff gives a second opinion."""
