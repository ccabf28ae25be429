"""Baselines that every leaderboard shows."""
