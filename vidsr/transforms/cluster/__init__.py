"""A render on the workers of a dask.distributed cluster: `schedule` says what goes to whom, `worker` does it there."""
