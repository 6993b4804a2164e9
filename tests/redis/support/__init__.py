"""What the tests of the Redis room stand on: a server, an engine, wires that fail, an oracle."""
