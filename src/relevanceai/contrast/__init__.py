"""What differs between two groups of documents: plain values in, facts with their evidence out."""
