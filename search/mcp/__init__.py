"""The tools for assistants, over stdio."""
