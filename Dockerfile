# Callboard: `serve` by default; `docker run … callboard migrate` first. Everything is set by CALLBOARD_… variables.
# Each RUN is run by tests/test_image.py too, in a clean folder, by somebody who is not root.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/callboard
RUN /opt/callboard/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements.txt
RUN PIP_CONSTRAINT=constraints.txt /opt/callboard/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim
COPY --from=build /opt/callboard /opt/callboard
ENV PATH=/opt/callboard/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# No name and no home of its own: only files below /tmp are written, and a volume where SQLite is to lie.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["callboard"]
CMD ["serve", "--host", "0.0.0.0"]
