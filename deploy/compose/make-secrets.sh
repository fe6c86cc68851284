#!/bin/sh
# Makes the secrets that docker-compose.yml mounts: a random password for each account, and the URLs with them. What is there stays as
# it is. Only you can enter the folder; the files in it are readable because containers of other users read them.
#
#   sh deploy/compose/make-secrets.sh [folder]
set -eu
folder=${1:-"$(dirname "$0")/secrets"}
mkdir -p "$folder"
chmod 700 "$folder"

random() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}
# secret <name> <value>
secret() {
  [ -s "$folder/$1" ] && return
  printf '%s' "$2" >"$folder/$1"
  chmod 444 "$folder/$1"
}

for name in postgres_password orders_owner_password orders_api_password outbox_relay_password grafana_password; do
  secret "$name" "$(random)"
done
# url <name> <role> <the password's name>
url() {
  secret "$1" "postgres://$2:$(cat "$folder/$3")@postgres:5432/orders"
}
url superuser_database_url postgres postgres_password
url owner_database_url orders_owner orders_owner_password
url api_database_url orders_api orders_api_password
url relay_database_url outbox_relay outbox_relay_password
echo "the secrets are in $folder"
