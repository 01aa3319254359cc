#!/bin/sh
# Checks a workspace of custagent: its YAML, its content, and what its agents do with their test cases.
#
#   sh check.sh [BASELINE]     in the workspace's folder
#
# BASELINE holds earlier results (custagent test --format json > baseline.json); with it only what broke fails. FORMAT is
# how results are printed (text, github, junit or json); with REPORT=FILE those of the test cases are written there. With
# LINT=strict content that could be better fails too.
set -eu

case "${FORMAT:-text}" in
    github) validated=github ;;
    *) validated=text ;;
esac
# What is read on stdout by a program must hold nothing else.
{
    custagent validate --format "$validated" --strict
    for agent in agents/*.yaml; do
        name=$(basename "$agent" .yaml)
        case "$name" in *.test) continue ;; esac
        # An agent without content, such as one that only hands over, has nothing to look over.
        grep -Eq '^ *- (file|url|collection|short_answer):' "$agent" || continue
        custagent sources sync "$name"
        if [ "${LINT:-}" = strict ]; then
            custagent sources lint "$name" --strict
        else
            custagent sources lint "$name"
        fi
    done
} >&2

set -- ${1:+--baseline "$1"} --format "${FORMAT:-text}"
if [ -n "${REPORT:-}" ]; then
    custagent test "$@" > "$REPORT"
else
    custagent test "$@"
fi
