"""Peers behind one interface. Each module runs among its peer's packages, where nothing of Engram's own is installed."""
