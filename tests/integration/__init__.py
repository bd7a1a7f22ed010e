"""Tests of dtsconf against real parts, and of the real parts themselves."""
