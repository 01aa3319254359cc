"""The words of the house: frozen values and ports. No IO; stdlib and pydantic only."""
