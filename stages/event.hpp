// The one message of the pipeline: an input with everything the stages find out about it, in one
// fixed-size record.
//
//   | header + input        | verdict | fill | mark   |
//   | written by INGRESS    | RISK    | FILL | MARK   |
//
// `kind` says what the input is and which member of the input union counts. Each stage writes its
// own section only. Text that only EGRESS prints stands in the text ring (stages/text_ring.hpp),
// addressed by text_position.
//
// Where FIX has a word for it: fill.price = LastPx(31), fill.quantity = LastQty(32), order_number =
// OrderID(37).
#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/cache_line.hpp"
#include "engine/trace.hpp"
#include "stages/fixed_point.hpp"
#include "stages/reason.hpp"

namespace coreloop::stages {

using AccountId = std::uint32_t;
using SymbolId = std::uint32_t;
/// A symbol no price has named yet, or an account the table has no room for: its name is in the
/// text ring.
inline constexpr std::uint32_t no_id = 0xFFFF'FFFF;

inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_second = 1'000'000'000;
inline constexpr std::int64_t ns_per_minute = 60 * ns_per_second;
inline constexpr std::int64_t ns_per_day = 86'400 * ns_per_second;

enum class EventKind : std::uint8_t { signal, tick, dead_letter, timer, command };
enum class Action : std::uint8_t { buy, sell, hold, close };
enum class Side : std::uint8_t { buy, sell };

[[nodiscard]] constexpr Side opposite(Side side) noexcept {
  return side == Side::buy ? Side::sell : Side::buy;
}
/// +1 for buy, -1 for sell.
[[nodiscard]] constexpr std::int64_t sign_of(Side side) noexcept {
  return side == Side::buy ? 1 : -1;
}

/// A ratio in [0, 1] in 32 bits, or absent_ratio. 1e-8.
using SmallRatio = std::uint32_t;
inline constexpr SmallRatio absent_ratio = 0xFFFF'FFFF;

/// The hash by which a producer's signal_id is remembered.
struct SignalIdHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  [[nodiscard]] bool operator==(const SignalIdHash&) const noexcept = default;
};

/// A trade wish as the model published it.
struct Signal {
  SignalIdHash id_hash;           ///< counts when has_id
  std::int64_t produced_unix_ns;  ///< its `timestamp`; used for the age check only
  SmallRatio confidence;          ///< in [0, 1]
  SmallRatio position_size_pct;   ///< in [0, 1], or absent_ratio
  SmallRatio stop_loss_pct;       ///< in [0, 1), or absent_ratio
  SmallRatio max_slippage_pct;    ///< in [0, 1), or absent_ratio
  std::uint32_t ttl_ms;           ///< 0: none
  Action action;
  std::uint8_t has_id;
  std::uint8_t is_vetoed;  ///< governer_approved was false
  std::uint8_t unused;
};

/// A quote, or a last price when bid == ask came as one number; all prices > 0.
struct Tick {
  Price buy_reference;   ///< ask, or the last price
  Price sell_reference;  ///< bid, or the last price
};

struct DeadLetter {
  std::uint32_t offset;         ///< byte of the offending value, 0 where the code names none
  std::uint32_t payload_crc32;  ///< zlib's, over all bytes
  DeadLetterCode code;
  std::uint8_t is_tick;  ///< the entry came from a tick stream
};

enum class TimerKind : std::uint8_t { walk, mark };

struct Timer {
  std::int64_t index;  ///< due time / interval
  TimerKind kind;
};

enum class CommandKind : std::uint8_t {
  price,
  close,
  halt,
  resume,
  reset,
  adopt,  ///< an output stream ends with an id that no input of ours made: numbers go on above it
};

struct Command {
  Price price;                ///< of a price command
  std::uint64_t result_slot;  ///< where the asker waits; 0: nobody does
  CommandKind kind;
  std::uint8_t service;  ///< of a reset: which service's counters (0: all)
  std::uint8_t output;   ///< of an adopt: index of the output stream; the id stands as the entry's
};

enum class Outcome : std::uint8_t { none, held, rejected, approved, command_close };

/// An order on its way from RISK to FILL.
struct Order {
  std::uint64_t number;        ///< 1, 2, 3, … in sequence order
  Money notional;              ///< N: the whole order at the reference price, >= 0
  Money entry_notional;        ///< what of it opens or adds, in [0, notional]
  Money risk_amount;           ///< notional x stop loss, truncated
  Quantity opposite_quantity;  ///< size of the position it works against, 0 if none
  SmallRatio fraction;         ///< f of the sizing model
  Side side;
  std::uint8_t closes_whole;  ///< takes opposite_quantity whole
  std::uint16_t unused;
};

struct Rejection {
  std::int64_t value;  ///< what was compared, in the reason's unit
  std::int64_t limit;  ///< what it was compared with
};

enum class FillStatus : std::uint8_t { none, filled, rejected };

/// FILL's answer to an order; every order gets exactly one.
struct Fill {
  Price price;          ///< executed price, > 0
  Quantity quantity;    ///< executed, >= 0; 0 when rejected
  Money notional;       ///< quantity x price, half-even
  Money fee;            ///< notional x taker fee, away from zero
  SmallRatio slippage;  ///< u of the fill model
  FillStatus status;
  std::uint8_t unused[3];
};

enum class PositionSide : std::uint8_t { none, long_side, short_side, closed };

/// What MARK has to say about one position after a fill or at a mark timer.
struct PositionUpdate {
  Price average_entry;   ///< of the cycle
  Price mark;            ///< current price
  Money size;            ///< cost, half-even; 0 when closed
  Money unrealized_pnl;  ///< 0 when closed
  Money realized_pnl;    ///< in this cycle, flat to flat
};

struct alignas(engine::cache_line_bytes) Event {
  // Header, by INGRESS.
  std::uint64_t sequence;    ///< 1, 2, 3, … without a gap
  std::int64_t log_unix_ns;  ///< never goes back
  std::uint64_t entry_ms;    ///< the causing entry's id; 0-0 of timers and commands but adopt
  std::uint64_t entry_counter;
  std::uint32_t text_position;  ///< in the text ring
  std::uint16_t text_bytes;
  std::uint8_t
      stream;  ///< index of the input stream in the conf; no_stream for timers and commands
  EventKind kind;
  AccountId account;                ///< or no_id
  SymbolId symbol;                  ///< or no_id
  std::uint8_t symbol_text_bytes;   ///< leading text: the symbol's name where `symbol` is no_id
  std::uint8_t account_text_bytes;  ///< then: the account's name where `account` is no_id

  // Small words of the later sections.
  Outcome outcome;             ///< RISK
  Reason reason;               ///< RISK; none unless held or rejected
  PositionSide position_side;  ///< MARK; none: this event carries no position update
  std::uint8_t
      is_first;          ///< MARK; the first event of its input: carries verdict and fill to EGRESS
  std::uint8_t is_last;  ///< MARK; the last event of its input
  std::uint8_t unused;

  union {
    Signal signal;
    Tick tick;
    DeadLetter dead_letter;
    Timer timer;
    Command command;
  };
  union {
    Order order;          ///< outcome approved or command_close
    Rejection rejection;  ///< outcome rejected
  };
  Fill fill;
  PositionUpdate position;
  AccountId position_account;  ///< whose position, MARK
  SymbolId position_symbol;
  engine::Trace trace;  ///< written by the loops; latency statistics only
};

inline constexpr std::uint8_t no_stream = 0xFF;

static_assert(sizeof(Signal) == 48 && sizeof(Order) == 48 && sizeof(Fill) == 40);
static_assert(sizeof(Event) == 256, "design: at most 256 bytes, four cache lines");
static_assert(std::is_trivially_copyable_v<Event>);

/// Whether the event carries an order that FILL answers.
[[nodiscard]] inline bool has_order(const Event& event) noexcept {
  return event.outcome == Outcome::approved || event.outcome == Outcome::command_close;
}

}  // namespace coreloop::stages
