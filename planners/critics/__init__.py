"""Critics: models that rate what a planner means to do, so that the best of several can be chosen."""
