"""What JAX says that it does."""

import jax


def times(event, work):
    """How often JAX says `event` while `work` runs."""
    count = [0]

    def listen(name, *_, **__):
        count[0] += name == event

    jax.monitoring.register_event_listener(listen)
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        work()
    finally:
        jax.monitoring.unregister_event_listener(listen)
        jax.monitoring.unregister_event_duration_listener(listen)
    return count[0]
