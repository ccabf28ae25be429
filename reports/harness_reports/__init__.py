"""Reports: the leaderboard page and its plain-text siblings."""
