#!/usr/bin/env python3
"""eventbus_bridge.py between a real Redis and a real engine.

    tests/python/bridge_test.py --bin build/release [unittest options]
"""

import asyncio
import dataclasses
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import script_case
from script_case import RUN_S, SCRIPTS, ScriptCase, case

script_case.import_or_skip("redis", "python3-redis")

import eventbus_bridge as bridge
import redis.exceptions
from eventbus_bridge import (EventBusClient, ExecutionResult, PositionUpdate, RiskApprovedSignal, TradeSignal, public,
                             utc_now)
from support.oracle import DEAD, EXECUTION, POSITION, REJECTED, SAFE, SIGNAL, TICK


async def take(messages, count):
    """The next `count` messages of a subscription."""
    async def read():
        found = []
        async for message in messages:
            found.append(message)
            if len(found) == count:
                return found
    return await asyncio.wait_for(read(), RUN_S)


def schema_of(stream):
    return json.loads((SCRIPTS / f"schema/{stream}.json").read_text())


class BridgeCase(ScriptCase):
    def run_async(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 3 * RUN_S))

    def bus(self):
        return EventBusClient(self.server.url)


class DataclassTest(BridgeCase):
    starts_server = False

    def test_fields_are_the_keys_of_the_streams(self):
        for kind, stream in ((RiskApprovedSignal, SAFE), (ExecutionResult, EXECUTION), (PositionUpdate, POSITION)):
            self.assertEqual([field.name for field in dataclasses.fields(kind)], schema_of(stream)["required"])
        schema = schema_of(SIGNAL)
        self.assertEqual([field.name for field in dataclasses.fields(TradeSignal)], list(schema["properties"]))
        self.assertEqual([field.name for field in dataclasses.fields(TradeSignal)
                          if field.default is dataclasses.MISSING], schema["required"])

    def test_not_connected_is_told(self):
        async def scene():
            with self.assertRaisesRegex(RuntimeError, "not connected"):
                await EventBusClient().publish("x", {})
        self.run_async(scene())

    def test_no_redis_is_told(self):
        async def scene():
            with self.assertRaises(redis.exceptions.ConnectionError):
                await EventBusClient(f"unix://{self.folder}/none.sock").connect()
        self.run_async(scene())

    def test_a_tick_has_one_of_two_forms(self):
        async def scene():
            for prices in ({}, {"price": 1, "bid": 1}, {"bid": 1}, {"ask": 1}, {"price": 1, "ask": 1},
                           {"price": 1, "bid": 1, "ask": 2}):
                with self.assertRaisesRegex(ValueError, "either a price"):
                    await EventBusClient().publish_tick("BTCUSDT", **prices)
        self.run_async(scene())


class PipelineTest(BridgeCase):
    def test_a_signal_comes_back_as_approval_execution_and_position(self):
        async def scene():
            async with self.bus() as bus:
                await bus.publish_tick("BTCUSDT", bid=94999.5, ask=95000.5)
                signal_id = await bus.publish_signal(TradeSignal("BTCUSDT", "BUY", 0.85, utc_now(), "ensemble_v5",
                                                                 ensemble_votes={"xgb": "BUY"}, account="desk"))
                found = []
                for kind, stream in ((RiskApprovedSignal, SAFE), (ExecutionResult, EXECUTION), (PositionUpdate, POSITION)):
                    message, = await take(bus.subscribe(stream, "0"), 1)
                    self.assertEqual((message["_cause"], message["_acct"], message["_seq"]),
                                     (f"{SIGNAL}/{signal_id}", "desk", "2"))
                    found.append(kind(**public(message)))
                return found
        self.start_engine()
        approval, execution, position = self.run_async(scene())
        self.assertEqual((approval.action, approval.approved_by, approval.position_size_usd), ("BUY", "risk_safety", 1000.0))
        self.assertEqual((execution.symbol, execution.status, position.side), ("BTCUSDT", "filled", "LONG"))
        self.assertEqual(execution.entry_price, position.entry_price)
        self.stop_engine()

    def test_the_quick_functions(self):
        async def scene():
            url = self.server.url
            async with self.bus() as bus:
                await bus.publish_tick("BTCUSDT", price=95000)
            ids = [await bridge.publish_trade_signal("BTCUSDT", "BUY", confidence, redis_url=url) for confidence in (0.5, 0.6)]
            await asyncio.to_thread(self.wait_until, lambda: self.server.ask("XLEN", REJECTED) == 2)
            newest, oldest = await bridge.get_recent_signals(REJECTED, 10, url)
            self.assertEqual([newest["confidence"], oldest["confidence"]], [0.6, 0.5])
            self.assertEqual(newest["_cause"], f"{SIGNAL}/{ids[1]}")
            self.assertEqual([m["_message_id"] for m in await bridge.get_recent_signals(redis_url=url)], ids[::-1])
            self.assertEqual(len(await bridge.get_recent_signals(count=1, redis_url=url)), 1)
        self.start_engine()
        self.run_async(scene())
        self.stop_engine()
        self.assertEqual(self.server.ask("XLEN", DEAD), 0)


    def test_the_example_of_the_readme(self):
        program, output = script_case.readme_example("EventBusClient")
        self.assertIn('"redis://localhost:6379"', program)
        self.start_engine()
        done = subprocess.run([sys.executable, "-c", program.replace("redis://localhost:6379", self.server.url)], text=True,
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.PIPE,
                              timeout=RUN_S, check=True)

        def shape(text):
            return re.sub(r"PAPER-[0-9A-F]{12}|(?<![A-Za-z_])[0-9][0-9.:TZe-]*", "#", text)
        self.assertEqual(shape(done.stdout), shape(output))
        self.stop_engine()


class StreamTest(BridgeCase):
    def test_no_connection_is_left_behind(self):
        async def scene():
            async with self.bus() as bus:
                await take(bus.subscribe("s", "0"), 1)
                client = bus.redis  # held: dropping it would close the connections too, some day
            await bridge.publish_trade_signal("BTCUSDT", "BUY", 0.85, redis_url=self.server.url)
            await asyncio.to_thread(self.wait_until, lambda: len(self.server.ask("CLIENT", "LIST").splitlines()) == 1)
            del client
        self.server.ask("XADD", "s", "*", "data", "{}")
        self.run_async(scene())

    def test_what_is_none_is_not_published(self):
        async def scene():
            async with self.bus() as bus:
                await bus.publish_signal(TradeSignal("BTCUSDT", "BUY", 0.85, "2026-01-12T10:00:00Z", "s", ttl_ms=5))
                await bus.publish("any", PositionUpdate("A", "LONG", 1.0, 1.0, 1.0, 0.0, 0.0, "t"))
        self.run_async(scene())
        (_, fields), = self.server.ask.entries(SIGNAL)
        self.assertEqual(fields, {"data": '{"symbol": "BTCUSDT", "action": "BUY", "confidence": 0.85, '
                                          '"timestamp": "2026-01-12T10:00:00Z", "source": "s", "meta_override": false, "ttl_ms": 5}'})
        self.assertEqual(json.loads(self.server.ask.entries("any")[0][1]["data"])["side"], "LONG")

    def test_what_is_no_json_is_refused_before_it_is_sent(self):
        async def scene():
            async with self.bus() as bus:
                for confidence in (float("nan"), float("inf")):
                    with self.assertRaises(ValueError):
                        await bus.publish_signal(TradeSignal("BTCUSDT", "BUY", confidence, utc_now(), "s"))
                with self.assertRaises(TypeError):
                    await bus.publish("any", {"x": {1, 2}})
        self.run_async(scene())
        self.assertEqual(self.server.ask("EXISTS", SIGNAL, "any"), 0)

    def test_length_info_and_trim(self):
        async def scene():
            async with EventBusClient(self.server.url, max_stream_length=1000) as bus:
                self.assertEqual((await bus.get_stream_length("s"), await bus.get_stream_info("s")), (0, {}))
                ids = [await bus.publish("s", {"n": n}) for n in range(1200)]
                self.assertLess(await bus.get_stream_length("s"), 1200)
                info = await bus.get_stream_info("s")
                self.assertEqual((info["length"], info["groups"]), (await bus.get_stream_length("s"), 0))
                self.assertEqual(info["last_entry"], (ids[-1], {"data": '{"n": 1199}'}))
                self.assertGreater(await bus.trim_stream("s", 100), 0)
                self.assertLess(await bus.get_stream_length("s"), 300)
                self.server.ask("SET", "text", "x")
                for ask in (bus.get_stream_info("text"), bus.get_stream_length("text"), take(bus.subscribe("text"), 1)):
                    with self.assertRaisesRegex(redis.exceptions.ResponseError, "WRONGTYPE"):
                        await ask
        self.run_async(scene())

    def test_what_is_no_message_is_passed_over(self):
        bad = (("data", "not json"), ("data", "[1]"), ("payload", "{}"), ("data", b"\xff\xfe"))

        async def scene():
            async with self.bus() as bus:
                for fields in bad:
                    self.server.ask("XADD", "s", "*", *fields)
                self.server.ask("XADD", "s", "*", "data", '{"n": 1}', "note", b"\xff")
                with self.assertLogs(bridge.logger, "WARNING") as logs:
                    message, = await take(bus.subscribe("s", "0"), 1)
                self.assertEqual(len(logs.output), len(bad))
                self.assertEqual((message["n"], message["_note"]), (1, "\ufffd"))
                self.assertEqual(len(await bus.get_recent_signals("s", 10)), 1)
        self.run_async(scene())

    def test_a_subscriber_from_now_on_sees_all_that_comes_and_nothing_older(self):
        async def scene():
            async with self.bus() as bus, self.bus() as other:
                await other.publish("s", {"n": 0})
                # Many short reads: what is published between two of them must not be passed over.
                messages = bus.subscribe("s", block_ms=1)
                reader = asyncio.create_task(take(messages, 200))
                while self.reads() == 0:
                    await asyncio.sleep(0.01)
                for n in range(1, 201):
                    await other.publish("s", {"n": n})
                return [message["n"] for message in await reader]
        self.assertEqual(self.run_async(scene()), list(range(1, 201)))

    def reads(self):
        """How many XREADs the server has seen."""
        line = next((line for line in self.server.ask("INFO", "commandstats").decode().splitlines()
                     if line.startswith("cmdstat_xread:")), None)
        return int(line.split("calls=")[1].split(",")[0]) if line else 0

    def test_a_subscriber_survives_lost_connections_and_misses_nothing(self):
        async def scene():
            async with self.bus() as bus:
                reader = asyncio.create_task(take(bus.subscribe("s", "0", block_ms=50), 50))
                for n in range(50):
                    self.server.ask("XADD", "s", "*", "data", json.dumps({"n": n}))
                    if n % 10 == 5:
                        self.server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    await asyncio.sleep(0.01)
                return [message["n"] for message in await reader]
        self.assertEqual(self.run_async(scene()), list(range(50)))

    def test_a_subscriber_waits_for_a_server_that_is_gone(self):
        async def scene():
            async with self.bus() as bus:
                self.server.ask("XADD", "s", "1-1", "data", '{"n": 1}')
                messages = bus.subscribe("s", "0", block_ms=50)
                first = await take(messages, 1)
                self.server.stop(hard=True)
                reader = asyncio.create_task(messages.__anext__())
                with self.assertLogs(bridge.logger, "WARNING") as logs:
                    while not logs.output:
                        await asyncio.sleep(0.01)
                self.server.start()
                self.server.ask("XADD", "s", "2-1", "data", '{"n": 2}')
                return [first[0]["n"], (await asyncio.wait_for(reader, RUN_S))["n"]]
        self.assertEqual(self.run_async(scene()), [1, 2])


if __name__ == "__main__":
    case.main()
