"""What the centre remembers: plain SQL, numbered migrations, one dialect module per database."""
