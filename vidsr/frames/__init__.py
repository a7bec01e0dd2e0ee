"""Frame stacks: what they are, how they are checked, tagged, joined and recorded. Never imports jax."""
