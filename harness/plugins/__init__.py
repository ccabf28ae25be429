"""Plugins: found, loaded, checked at the door, and listed by name."""

from harness.plugins.registry import PluginInfo, Plugins, load_plugins

__all__ = ["PluginInfo", "Plugins", "load_plugins"]
