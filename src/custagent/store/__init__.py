"""The store: everything that happens is a row in one SQLite file. The only room with SQL."""

from custagent.store.database.lease import Lease, LeaseHolder
from custagent.store.store import Store

__all__ = ["Lease", "LeaseHolder", "Store"]
