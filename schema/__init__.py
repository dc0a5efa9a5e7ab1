"""What a letter, an item, a chunk and a field are."""
