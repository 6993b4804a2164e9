"""The streams for Python services: what producers and consumers of them import.

    async with EventBusClient("redis://localhost:6379") as bus:
        await bus.publish_signal(TradeSignal("BTCUSDT", "BUY", 0.85, utc_now(), "ensemble_v5"))
        async for message in bus.subscribe("trade.execution.res"):
            execution = ExecutionResult(**public(message))

Names, defaults and results are those of the bridge that services of these streams already use. A message is the JSON of an
entry's field `data`; what else the entry says stands in keys that begin with `_`: `_message_id`, and of the
engine's entries `_seq`, `_cause`, `_acct`, `_qty`, `_model`.

Needs redis-py 4.2 or later (Debian: python3-redis).
"""

import asyncio
import dataclasses
import datetime
import json
import logging
import typing

import redis.asyncio
import redis.exceptions

SIGNALS, TICKS = "trade.signal.v5", "market.tick"
APPROVALS, REJECTIONS = "trade.signal.safe", "trade.signal.rejected"
EXECUTIONS, POSITIONS = "trade.execution.res", "trade.position.update"
DEAD_LETTERS = "trade.signal.dlq"

REDIS_URL = "redis://localhost:6379"
MAXLEN = 10_000
PAUSE_MIN_S, PAUSE_MAX_S = 0.1, 5.0  # between attempts to reach Redis again

logger = logging.getLogger(__name__)


@dataclasses.dataclass
class TradeSignal:
    """An entry of trade.signal.v5. What is None is not published."""
    symbol: str
    action: str  # BUY, SELL, HOLD, CLOSE
    confidence: float  # 0 to 1
    timestamp: str  # UTC, ISO 8601
    source: str
    meta_override: bool = False
    ensemble_votes: typing.Optional[dict] = None
    governer_approved: typing.Optional[bool] = None
    position_size_pct: typing.Optional[float] = None
    meta_confidence: typing.Any = None
    consensus: typing.Any = None
    account: typing.Optional[str] = None
    signal_id: typing.Optional[str] = None
    stop_loss_pct: typing.Optional[float] = None
    max_slippage_pct: typing.Optional[float] = None
    ttl_ms: typing.Optional[int] = None


@dataclasses.dataclass
class RiskApprovedSignal:
    """An entry of trade.signal.safe."""
    symbol: str
    action: str  # BUY, SELL
    confidence: float
    position_size_usd: float
    position_size_pct: float
    risk_amount_usd: float
    kelly_optimal: float
    timestamp: str
    source: str
    approved_by: str = "risk_safety"


@dataclasses.dataclass
class ExecutionResult:
    """An entry of trade.execution.res."""
    symbol: str
    action: str  # BUY, SELL
    entry_price: float
    position_size_usd: float
    leverage: float
    timestamp: str
    order_id: str
    status: str  # filled, partial, rejected
    slippage_pct: float = 0.0
    fee_usd: float = 0.0


@dataclasses.dataclass
class PositionUpdate:
    """An entry of trade.position.update."""
    symbol: str
    side: str  # LONG, SHORT, CLOSED
    entry_price: float
    current_price: float
    size_usd: float
    unrealized_pnl: float
    realized_pnl: float
    timestamp: str


def utc_now():
    """The time as the streams carry it."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def public(message):
    """A message without the keys that begin with `_`: what a dataclass takes."""
    return {key: value for key, value in message.items() if not key.startswith("_")}


def message_of(entry_id, fields):
    """The message of an entry, or None where its `data` is no JSON object."""
    try:
        message = json.loads(fields["data"])
    except (KeyError, ValueError):
        return None
    if not isinstance(message, dict):
        return None
    further = {f"_{name}": value for name, value in fields.items() if name != "data"}
    return {**message, **further, "_message_id": entry_id}


class EventBusClient:
    """A connection to the streams, for one event loop. connect() first, or `async with`."""

    def __init__(self, redis_url=REDIS_URL, max_stream_length=MAXLEN):
        self.redis_url = redis_url
        self.max_stream_length = max_stream_length
        self.redis = None

    async def __aenter__(self):
        await self.connect()
        return self

    async def __aexit__(self, *_):
        await self.disconnect()

    async def connect(self):
        """Errors: redis.exceptions.RedisError where the server cannot be used."""
        client = redis.asyncio.from_url(self.redis_url, encoding_errors="replace", decode_responses=True)
        try:
            await client.ping()
        except BaseException:
            await client.connection_pool.disconnect()
            raise
        self.redis = client

    async def disconnect(self):
        client, self.redis = self.redis, None
        if client is not None:
            await client.close()
            await client.connection_pool.disconnect()  # which close() leaves, in some versions

    def _client(self):
        if self.redis is None:
            raise RuntimeError("not connected to Redis: await connect() first")
        return self.redis

    async def publish(self, topic, message, maxlen=None):
        """Appends a dict or a dataclass to a stream, which is trimmed to about `maxlen`; the entry's id.

        Errors: ValueError for NaN and infinities, which are no JSON; TypeError for what JSON has no form of.
        """
        if dataclasses.is_dataclass(message):
            message = dataclasses.asdict(message)
        data = json.dumps(message, allow_nan=False)
        return await self._client().xadd(topic, {"data": data}, approximate=True,
                                         maxlen=self.max_stream_length if maxlen is None else maxlen)

    async def publish_signal(self, signal):
        """Publishes a TradeSignal without its empty keys: consumers may know fewer than we do."""
        message = {key: value for key, value in dataclasses.asdict(signal).items() if value is not None}
        return await self.publish(SIGNALS, message)

    async def publish_tick(self, symbol, price=None, bid=None, ask=None):
        """Publishes a last price, or bid and ask."""
        if (price is None) == (bid is None) or (bid is None) != (ask is None):
            raise ValueError("a tick has either a price, or a bid and an ask")
        prices = {"price": price} if bid is None else {"bid": bid, "ask": ask}
        return await self.publish(TICKS, {"symbol": symbol, **prices, "timestamp": utc_now()})

    async def subscribe(self, topic, start_id="$", block_ms=1000):
        """Yields the messages behind `start_id` ("$": from now on; "0": all), for ever.

        A lost connection is made again, and reading goes on behind the last entry that was yielded. An entry that is no message
        is logged and passed over. Errors: redis.exceptions.ResponseError, as for a key that is no stream.
        """
        last_id, pause_s = start_id, PAUSE_MIN_S
        while True:
            try:
                if last_id == "$":
                    # Resolved once: a second "$" would pass over what came between two reads.
                    last_id = await self._last_id(topic)
                found = await self._client().xread({topic: last_id}, count=10, block=block_ms)
                pause_s = PAUSE_MIN_S
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
                logger.warning("%s: %s; again in %.1f s", topic, error, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_MAX_S)
                continue
            for _, entries in found or []:
                for last_id, fields in entries:
                    message = message_of(last_id, fields)
                    if message is None:
                        logger.warning("%s: entry %s is no message", topic, last_id)
                    else:
                        yield message

    async def _last_id(self, topic):
        try:
            return (await self._client().xinfo_stream(topic))["last-generated-id"]
        except redis.exceptions.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return "0"

    async def get_recent_signals(self, topic=SIGNALS, count=10):
        """The newest messages of any stream, newest first."""
        messages = [message_of(*entry) for entry in await self._client().xrevrange(topic, count=count)]
        return [message for message in messages if message is not None]

    async def get_stream_length(self, topic):
        """Entries in a stream; 0 where there is none."""
        return await self._client().xlen(topic)

    async def get_stream_info(self, topic):
        """length, first_entry, last_entry and groups of a stream; {} where there is none."""
        try:
            info = await self._client().xinfo_stream(topic)
        except redis.exceptions.ResponseError as error:
            if "no such key" not in str(error):
                raise
            return {}
        return {"length": info["length"], "first_entry": info["first-entry"],
                "last_entry": info["last-entry"], "groups": info["groups"]}

    async def trim_stream(self, topic, maxlen=1000):
        """Trims a stream to about `maxlen` entries (Redis frees whole blocks); how many went."""
        return await self._client().xtrim(topic, maxlen=maxlen, approximate=True)


async def publish_trade_signal(symbol, action, confidence, source="ai_engine_v5", redis_url=REDIS_URL):
    """Publishes one signal over a connection of its own; the entry's id."""
    async with EventBusClient(redis_url) as bus:
        return await bus.publish_signal(TradeSignal(symbol, action, confidence, utc_now(), source))


async def get_recent_signals(topic=SIGNALS, count=10, redis_url=REDIS_URL):
    """EventBusClient.get_recent_signals over a connection of its own."""
    async with EventBusClient(redis_url) as bus:
        return await bus.get_recent_signals(topic, count)
