#!/bin/sh
# Starts the bot for a benchmark: writes its configuration (200 users, 50 channels, raised per-user limits, every vendor's
# address at a mock platform) and becomes the bot.
#
# usage: start.sh BINARY PORT DB [MOCK_PORT]     the signing secret comes in BENCH_SLACK_SIGNING_SECRET
set -eu
binary=$1 port=$2 db=$3 mock=${4:-4999}
config=$db.toml

list() { # prefix count
  awk -v p="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s\"slack:T0001BENCH/%s%07d\"", (i ? ", " : ""), p, i }'
}

cat > "$config" <<TOML
[journal]
path = "$db"
[server]
listen = "127.0.0.1:$port"
commands_per_minute = 100000000
[slack]
mode = "http"
api_url = "http://127.0.0.1:$mock/api"
bot_token = "env:BENCH_SLACK_SIGNING_SECRET"
signing_secret = "env:BENCH_SLACK_SIGNING_SECRET"
team = "T0001BENCH"
[vercel]
api_url = "http://127.0.0.1:$mock"
token = "env:BENCH_SLACK_SIGNING_SECRET"
[[service]]
name = "api"
provider = "vercel"
project = "prj_bench"
production_url = "http://127.0.0.1:$mock/"
marker = { header = "x-deployment" }
channels = [$(list C 50)]
responders = [$(list U 200)]
egress = ["127.0.0.1:$mock"]
TOML

REPOINT_LOG=off exec "$binary" run --config "$config"
