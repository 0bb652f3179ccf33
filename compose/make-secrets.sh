#!/bin/sh
# Makes the keys and passwords that compose.yaml wants, in compose/secrets or the folder given. What is there already stays.
set -eu
folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
cd "$folder"
# The folder is shut to others on this machine; the files are open to whichever user a container has.
chmod 700 .
umask 022

[ -e admin-key ] || openssl rand -base64 33 > admin-key
[ -e master-key ] || openssl rand -base64 32 > master-key
[ -e grafana-password ] || openssl rand -hex 16 > grafana-password
if [ ! -e redis.conf ]; then
  password=$(openssl rand -hex 24)
  printf 'requirepass %s\n' "$password" > redis.conf
  printf 'redis://:%s@redis:6379/0\n' "$password" > redis-url
fi
