# Drydock with Terraform, and with everything that a local region is made of. From the repository's root:
#   docker build -t drydock .
# `make TARGET RUN_IN=docker` builds it, mounts the repository over /work and runs the target in it.
ARG PYTHON=3.11-slim
ARG TERRAFORM=1.11.4

FROM hashicorp/terraform:${TERRAFORM} AS terraform

FROM python:${PYTHON} AS build
WORKDIR /work
COPY requirements-uv.lock requirements.lock pyproject.toml README.md LICENSE ./
COPY scripts scripts
COPY src src
# The same path as later: a virtual environment does not move.
RUN scripts/venv python \
 # whatever user it runs as has the group 0, and may bring the environment up to date
 && chmod -R g=u .venv

FROM python:${PYTHON}
# nft and ip routes for the region, setpriv and unshare (util-linux) are there, make for the targets
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends git make nftables \
 && rm -rf /var/lib/apt/lists/*
COPY --from=terraform /bin/terraform /usr/local/bin/terraform
RUN useradd --uid 1000 --gid 0 --create-home --home-dir /home/drydock --shell /bin/bash drydock \
 && chmod 0770 /home/drydock
WORKDIR /work
RUN chown 1000:0 /work && chmod 0770 /work
# Provider versions stay over a new container: /home/drydock is a volume in compose.yaml.
ENV HOME=/home/drydock USER=drydock LOGNAME=drydock \
    PATH=/work/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build --chown=1000:0 /work/.venv .venv
COPY --chown=1000:0 Makefile drydock.toml env.template pyproject.toml requirements.lock requirements-uv.lock README.md LICENSE ./
COPY --chown=1000:0 scripts scripts
COPY --chown=1000:0 src src
COPY --chown=1000:0 infra infra
# Copied files are older or younger than the environment by chance; what it was made of is the same.
RUN touch .venv/.installed
USER 1000:0
ENTRYPOINT ["drydock"]
CMD ["--help"]
