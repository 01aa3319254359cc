"""Cutting documents into passages as a person would."""
