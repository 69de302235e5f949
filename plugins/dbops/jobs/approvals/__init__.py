"""Ask, answer and require an approval."""
