"""The tests of dtsconf; README.md beside this file tells what runs against what."""
