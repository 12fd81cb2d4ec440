"""The load: open arrivals of journeys, timed from the moment a user wanted something."""
