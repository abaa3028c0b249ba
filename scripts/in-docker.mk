# make TARGET... RUN_IN=docker: the tool's container runs the same Makefile with the same words.
#
# The container stays between two targets, since a local region lives in it; it is made anew when the
# image, compose.yaml or a variable of the environment that compose.yaml names has changed.
# COMPOSE: `docker compose`, or another that reads compose.yaml (podman-compose).
COMPOSE ?= docker compose
DRYDOCK_UID := $(shell id -u)
DRYDOCK_GID := $(shell id -g)
export DRYDOCK_UID DRYDOCK_GID

asked := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
# The words of the command line (TARGET=aws YES=1 …) go along; only RUN_IN has done its work.
along := $(filter-out RUN_IN=% COMPOSE=%,$(MAKEOVERRIDES))
terminal := $(shell [ -t 0 ] || echo -T)

.PHONY: $(asked)
$(firstword $(asked)):
	@$(COMPOSE) up -d tool >&2
	@$(COMPOSE) exec $(terminal) tool make $(asked) $(along) RUN_IN=
	@$(if $(filter down clean,$(asked)),$(COMPOSE) rm -sf tool >&2)
$(wordlist 2,$(words $(asked)),$(asked)): $(firstword $(asked)) ; @:
