"""The page to search on, and the JSON API: a front door for browsers and programs."""
