"""Where rates come from: documents in two formats, in files and on the web.

Nothing here knows the database. What cannot be read is a `SourceFault` that says where.
"""

from fx.sources.addresses import default_name, fetch
from fx.sources.documents import read_document
from fx.sources.drafts import RateDraft

__all__ = ["RateDraft", "default_name", "fetch", "read_document"]
