# Airflow with dbops and PostgreSQL 17's own programs, the server's for drills among them. The version is that of requirements.txt; a test compares them.
FROM apache/airflow:slim-3.3.2-python3.12

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# pg_dump must be at least as new as the newest server, and Debian's may be older: the script in Debian's own package
# adds the PostgreSQL project's archive. Its versions are left open, so that a rebuild brings security fixes.
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && echo "create_main_cluster = false" >> /etc/postgresql-common/createcluster.conf \
    && apt-get install --yes --no-install-recommends postgresql-17 postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

USER 50000
COPY --chown=airflow:0 requirements.txt /opt/airflow/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /opt/airflow/requirements.txt \
    && pip check

COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
RUN mkdir -p /opt/airflow/auth /opt/airflow/logs \
    && python -m compileall -q /opt/airflow/plugins

ENV PATH="/usr/lib/postgresql/17/bin:${PATH}" \
    PYTHONPATH="/opt/airflow/plugins" \
    DBOPS_INCLUDE="/opt/airflow/include" \
    AIRFLOW__CORE__DAGS_FOLDER="/opt/airflow/dags" \
    AIRFLOW__CORE__PLUGINS_FOLDER="/opt/airflow/plugins" \
    AIRFLOW__CORE__LOAD_EXAMPLES="False"
