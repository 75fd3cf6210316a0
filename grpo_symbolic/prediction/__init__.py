"""What a trainer's configuration will do: where training rests, how soon, how steadily."""
