"""*Look closer* and *Common mistakes* of each tab, a file a tab."""
