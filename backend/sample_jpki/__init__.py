"""A fictional JPKI for user authentication: its certificates, its books, its responder."""
