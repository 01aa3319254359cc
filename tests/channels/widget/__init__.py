"""The widget in a real browser. A package, so that the browser ends with it (fixture scope `package`)."""
