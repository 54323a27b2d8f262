"""What is kept, and the only place that speaks SQL. Knows nothing of HTTP."""
