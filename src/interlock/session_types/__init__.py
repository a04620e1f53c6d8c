"""The built-in session types, one a module. Pure: tables, commands as data, readers of results."""
