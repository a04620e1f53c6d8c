"""A session and its log as text. Pure: values in, text out."""
