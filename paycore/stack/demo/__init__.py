"""`make demo`: the main job through the real HTTP API, step by step, with proof.

Each step says beforehand what the server must answer. Whatever earlier runs left in the
home, the story is the same: the people in it are new each time.
"""

from paycore.stack.demo.story import tell

__all__ = ["tell"]
