"""What `protected` keeps: tests that go around the page, in an app of their own."""
