"""The model server and the worker that loads models in the interpreter of the project."""
