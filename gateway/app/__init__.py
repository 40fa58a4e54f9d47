"""The web application: where everything is wired together and served."""
