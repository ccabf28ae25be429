"""The torch library shelf: what in-repo model plugins share."""
