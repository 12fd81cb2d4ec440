"""Child processes: started with readiness, watched, restarted, and ended whatever happens."""
