"""Where test scripts find what the driver offers as modules."""
