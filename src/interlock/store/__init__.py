"""The store: the one place that knows the database, and that imports peewee and cattrs."""
