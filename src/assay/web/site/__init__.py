"""The pages' routes: an answer object, dressed by `web.pages`."""
