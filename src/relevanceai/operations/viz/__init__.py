"""Pictures of what the operations compute."""
