"""Lists of items as files: tables, documents to read, references to cite from."""
