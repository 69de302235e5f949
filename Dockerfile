# Airflow with dbops and PostgreSQL's own programs, the server's for drills among them. Its version is that of requirements.txt; a test compares them.
FROM apache/airflow:slim-3.3.2-python3.12

# A pg_dump backs up servers up to its own version: so the newest.
ARG POSTGRES_MAJOR=18
# A drill is exact on a server of the database's own major version; one of another tells some things otherwise, which is a warning.
ARG POSTGRES_SERVERS="17 18"

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# The script in Debian's own package adds the PostgreSQL project's archive. Its versions are left open, so that a rebuild
# brings security fixes.
USER 0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && echo "create_main_cluster = false" >> /etc/postgresql-common/createcluster.conf \
    && apt-get install --yes --no-install-recommends "postgresql-client-${POSTGRES_MAJOR}" \
    && for major in ${POSTGRES_SERVERS}; do apt-get install --yes --no-install-recommends "postgresql-${major}" || exit 1; done \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=airflow --group=0 --mode=0775 /var/spool/dbops

USER 50000
COPY --chown=airflow:0 requirements-image.txt /opt/airflow/requirements.txt
# Wheels only: nothing is built, so there is no compiler to leave out.
RUN pip install --no-cache-dir --only-binary :all: --require-hashes --requirement /opt/airflow/requirements.txt \
    && pip check

COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
# Compiled here, for the file system is read-only later, and Great Expectations alone would take ten seconds longer to import.
# Ours by their content, not their times, which not every build keeps.
RUN mkdir -p /opt/airflow/auth /opt/airflow/logs \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/airflow/dags /opt/airflow/plugins
# A package may ship templates that are no Python: they stay as they are, and are no error.
RUN python -m compileall -q "$(python -m site --user-site)" || true

ENV PATH="/usr/lib/postgresql/${POSTGRES_MAJOR}/bin:${PATH}" \
    PYTHONPATH="/opt/airflow/plugins" \
    DBOPS_INCLUDE="/opt/airflow/include" \
    AIRFLOW__CORE__DAGS_FOLDER="/opt/airflow/dags" \
    AIRFLOW__CORE__PLUGINS_FOLDER="/opt/airflow/plugins" \
    AIRFLOW__CORE__LOAD_EXAMPLES="False"
