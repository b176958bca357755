#!/bin/bash
# Succeeds if /api/health responds with 200. Uses bash, because the image may not contain curl.
exec 3<>"/dev/tcp/127.0.0.1/${1:-8080}" || exit 1
printf 'GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
IFS= read -r -t 4 status <&3
[[ "$status" == *' 200 '* ]]
