"""What every page of the back office is made of. Each app brings its own pages."""
