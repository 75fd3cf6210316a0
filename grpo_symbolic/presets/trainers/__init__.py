"""Public trainers, one file each: their conventions by version and option."""
