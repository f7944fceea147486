"""Clustering: models by name, labels of the user, ids of clusters."""
