"""One module per step, newest last; steps are never changed once released."""
