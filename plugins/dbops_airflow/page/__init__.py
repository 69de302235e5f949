"""The Database Ops page inside Airflow's UI: one look tells whether every database is safe.

It reads the bucket and Airflow's own database, and stores nothing. ``app.py`` has its addresses. Whatever is slow runs
in threads of its own (``readings.py``), so that the API server's event loop and its threads never wait for a bucket.
"""
