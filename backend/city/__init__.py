"""A sample city: its residents, its rules and its forms. Knows the centre by the calls of City."""
