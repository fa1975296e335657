"""What ``./engram up`` runs: the servers, the site's processes, and the order they start in."""
