"""The local dashboard: a small web application over a workspace."""
