"""The versions of the database, written by `tortoise makemigrations`."""
