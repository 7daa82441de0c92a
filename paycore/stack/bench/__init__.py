"""`make bench`: transfers per second, against plain SQL on the same server.

See docs/performance.md for what is measured and how to read it.
"""
