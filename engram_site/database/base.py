"""The backend's connection, under the name by which Django looks for it."""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that broke is seldom alone: the pool then looks at all that wait in it, and replaces those that broke too.

    Without that each would fail whoever was given it next. To check each before it is given would not do: the pool waits longer
    after every one that is broken.
    """

    def close(self) -> None:
        broken = self.connection is not None and self.connection.broken
        super().close()
        if broken and self.pool:
            self.pool.check()
