"""Releases: the shop's git history, a worktree for each, its front end and migrations."""
