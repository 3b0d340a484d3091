"""A Bot API on loopback that behaves as the real one (`server.py`), and people who use it."""
