#!/bin/sh
# prepare.sh NAME [ADDRESS…]: makes secrets/ for the server that gateways and browsers call NAME. What is there stays.
# A hospital with an authority of its own puts ca.pem, server.pem (with its chain) and server.key there first: for NAME,
# timescaledb, mosquitto, charting and localhost.
set -eu
umask 077
[ $# -ge 1 ] || { echo "usage: prepare.sh NAME [ADDRESS…]" >&2; exit 2; }
names="DNS:$1,DNS:timescaledb,DNS:mosquitto,DNS:charting,DNS:localhost"
server=$1
shift
for address in "$@"; do names="$names,IP:$address"; done
cd "$(dirname "$0")"
mkdir -p secrets
chmod 711 secrets
cd secrets

if [ ! -e server.pem ]; then
    key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
    if [ ! -e ca.pem ]; then
        key ca.key
        openssl req -x509 -new -key ca.key -days 3650 -subj "/CN=vitalsd $server" -out ca.pem \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    fi
    [ -e ca.key ] || { echo "needed: server.pem and server.key by the authority of ca.pem, or its ca.key" >&2; exit 2; }
    key server.key
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' "$names" >server.ext
    openssl req -new -key server.key -subj "/CN=$server" |
        openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile server.ext -out server.pem
    rm -f server.ext ca.srl
fi

secret() { [ -e "$1" ] || openssl rand -hex 24 | tr -d '\n' >"$1"; }
for name in postgres-password charting-password mqtt-password grafana-password grafana-database-password; do
    secret $name
done
[ -e vitalsd.pgpass ] || printf '*:*:*:postgres:%s\n' "$(cat postgres-password)" >vitalsd.pgpass
if [ ! -e mosquitto.logins ]; then # as mosquitto_passwd writes it: PBKDF2 of SHA-512
    salt=$(openssl rand -base64 12)
    hex=$(echo "$salt" | openssl base64 -d | od -An -tx1 | tr -d ' \n')
    hash=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$(cat mqtt-password)" -kdfopt "hexsalt:$hex" \
        -kdfopt iter:101 -binary PBKDF2 | openssl base64 -A)
    printf 'charting:$7$101$%s$%s\n' "$salt" "$hash" >mosquitto.logins
fi
for service in timescaledb charting mosquitto; do
    [ -e $service.key ] || cp server.key $service.key
done

# Each image's own user reads its files and no other's.
chmod 644 ca.pem server.pem
[ "$(id -u)" = 0 ] || { echo "not root: give secrets/ to the images' users, as the last lines of this script do" >&2; exit 0; }
own() { user=$1; shift; chown "$user" "$@" && chmod 400 "$@"; }
own 70:70 timescaledb.key postgres-password
own 64100:64100 charting.key charting-password mqtt-password vitalsd.pgpass
own 1883:1883 mosquitto.key mosquitto.logins
own 472:0 grafana-password
own 472:64100 grafana-database-password
chmod 440 grafana-database-password # roles gives it to the database
