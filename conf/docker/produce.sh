#!/bin/sh
# Prices that wander, and a signal every few of them: what a demonstration needs.
#   produce.sh HOST      the Redis to send to
set -eu
host=${1:?the host of Redis}
send() { python3 /tools/python/send_signal.py "$@" --host "$host" >/dev/null; }
price=95000 turn=0
while :; do
  turn=$((turn + 1))
  price=$((price + turn * 7919 % 61 - 30))
  send tick BTCUSDT "$price" "$((price + 1))"
  if [ $((turn % 5)) -eq 0 ]; then
    case $((turn / 5 % 3)) in
      0) send signal BTCUSDT CLOSE 0.9 ;;
      1) send signal BTCUSDT BUY "0.$((60 + turn % 30))" ;;
      2) send signal BTCUSDT SELL "0.$((60 + turn % 30))" ;;
    esac
  fi
  sleep 1
done
