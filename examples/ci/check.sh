#!/bin/sh
# Checks a workspace of custagent: its YAML, its content, and what its agents do with their test cases.
#
#   sh check.sh [BASELINE]     in the workspace's folder
#
# BASELINE holds earlier results (custagent test --format json > baseline.json); with it only what broke fails. FORMAT is
# how results are printed (text, github, junit or json).
set -eu

custagent validate --format "${FORMAT:-text}" --strict
for agent in agents/*.yaml; do
    name=$(basename "$agent" .yaml)
    case "$name" in *.test) continue ;; esac
    custagent sources sync "$name"
    custagent sources lint "$name"
done
if [ $# -gt 0 ]; then
    custagent test --baseline "$1" --format "${FORMAT:-text}"
else
    custagent test --format "${FORMAT:-text}"
fi
