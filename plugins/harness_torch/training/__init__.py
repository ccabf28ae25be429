"""Training: one loop, into which everything that varies is passed."""
