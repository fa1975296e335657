"""What Engram costs and what it gives, measured: ``./engram bench NAME``. Every run has an installation of its own."""
