"""Floor 3: between Airflow and plain values."""
