"""The pages, a family a file; each ends with its `TAB`. Long texts lie in `texts/<language>/`."""
