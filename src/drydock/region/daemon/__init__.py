"""The daemon: starts the API, the controllers and the data plane, and stops them."""
