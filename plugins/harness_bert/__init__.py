"""The BERT family, in our own torch modules."""
