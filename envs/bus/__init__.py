"""A robot in another process, reached over a bus: msgpack on Zenoh, loopback, a shared key, and a deadline on every wait."""
