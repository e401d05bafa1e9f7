"""What `protected` and `public` say of pages, event handlers, states and vars."""
