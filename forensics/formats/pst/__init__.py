"""PST and OST stores by our own engine: `ndb`, `ltp`, `messaging`, `recovery`; libpff gives a second opinion."""
