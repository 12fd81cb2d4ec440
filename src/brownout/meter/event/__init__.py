"""One wide event: what is counted while a request or task runs, whose line, how it is sent."""
