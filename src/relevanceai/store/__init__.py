"""The store: documents, vectors, labels and versions; Arrow and Lance stop here."""
