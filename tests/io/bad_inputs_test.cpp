// All numbered bad inputs of tests/data/bad_inputs.ndjson as unit tests of the codecs through
// InputDecoder: dead-letter code, offset, kept payload and checksum; or a signal or tick decoded.
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/edge/input_decoder.hpp"
#include "tests/support/command_output.hpp"
#include "tests/support/payload_text.hpp"

namespace coreloop::io {
namespace {

using stages::EventKind;

struct BadInput {
  std::string id, stream, outcome, code, offset, reason, set;
  std::uint32_t payload_crc32 = 0;
  std::vector<std::pair<std::string, std::string>> fields;

  [[nodiscard]] bool is_dead_letter() const { return outcome == "dead_letter"; }
  [[nodiscard]] bool is_tick() const { return stream == "market.tick"; }
  [[nodiscard]] std::string payload() const {
    for (const auto& [name, value] : fields) {
      if (name == "data") return value;
    }
    return {};
  }
};

std::string unhex(const std::string& digits) {
  const auto value = [&](std::size_t at) {
    const char c = digits[at];
    return c <= '9' ? c - '0' : c - 'a' + 10;
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(16 * value(i) + value(i + 1));
  return bytes;  // of "-", none
}

std::vector<BadInput> bad_inputs() {
  std::istringstream lines(tests::output_of("\"" CORELOOP_PYTHON "\" \"" CORELOOP_SOURCE_DIR
                                            "/tests/data/bad_inputs_text.py\""));
  std::vector<BadInput> inputs;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    BadInput& input = inputs.emplace_back();
    words >> input.id >> input.stream >> input.outcome >> input.code >> input.offset >>
        input.reason >> input.set >> input.payload_crc32;
    for (std::string name, value; words >> name >> value;)
      input.fields.emplace_back(unhex(name), unhex(value));
  }
  return inputs;
}

// A decoder with tables of its own, and the text of what it decoded last.
class Decoding {
 public:
  explicit Decoding(std::uint32_t symbols_max) : names_(symbols_max, 1'024) {
    BadInput quote;
    quote.stream = "market.tick";
    quote.fields = {{"data", tests::object_text(tests::base_quote())}};
    decode(quote);
  }

  void decode(const BadInput& input) {
    std::vector<RawField> fields;
    for (const auto& [name, value] : input.fields)
      fields.push_back({name, value});
    ASSERT_TRUE(text_.has_room());
    event = {};
    decoder_.decode_entry({input.stream, 1, 0, 0, fields},
                          input.is_tick() ? StreamKind::ticks : StreamKind::signals, event);
    kept_text = text_.text(event.text_position, event.text_bytes);
    text_.release(event.text_position, event.text_bytes);
  }

  stages::Event event{};
  std::string kept_text;

 private:
  stages::Names names_;
  stages::TextRing text_{12};
  InputDecoder decoder_{names_, text_};
};

void expect_dead_letter(const BadInput& input, const Decoding& decoding) {
  const stages::Event& event = decoding.event;
  ASSERT_EQ(event.kind, EventKind::dead_letter);
  EXPECT_EQ(name_of(event.dead_letter.code), input.code);
  EXPECT_EQ(std::to_string(event.dead_letter.offset), input.offset);
  EXPECT_EQ(event.dead_letter.payload_crc32, input.payload_crc32);
  EXPECT_EQ(event.dead_letter.is_tick != 0, input.is_tick());
  EXPECT_EQ(decoding.kept_text, input.payload().substr(0, 512));
}

class BadInputsTest : public testing::Test {
 protected:
  void expect_outcomes(const std::string& set, std::uint32_t symbols_max, int count_min) {
    Decoding decoding(symbols_max);
    int count = 0;
    for (const BadInput& input : bad_inputs()) {
      if (input.set != set) continue;
      SCOPED_TRACE("row " + input.id);
      ++count;
      decoding.decode(input);
      if (input.is_dead_letter())
        expect_dead_letter(input, decoding);
      else
        EXPECT_EQ(decoding.event.kind, input.is_tick() ? EventKind::tick : EventKind::signal);
      // Each is followed by a good one, which must not notice.
      BadInput good;
      good.fields = {{"data", tests::object_text(tests::base_signal())}};
      decoding.decode(good);
      EXPECT_EQ(decoding.event.kind, EventKind::signal);
      EXPECT_EQ(decoding.event.symbol, 0U);
    }
    EXPECT_GE(count, count_min);
  }
};

TEST_F(BadInputsTest, AreAllThere) {
  const std::vector<BadInput> inputs = bad_inputs();
  EXPECT_EQ(inputs.size(), 251U);  // 252 lines, less one of 64 MiB
  int dead_letter_count = 0;
  for (const BadInput& input : inputs)
    dead_letter_count += input.is_dead_letter() ? 1 : 0;
  EXPECT_GT(dead_letter_count, 100);
}

TEST_F(BadInputsTest, BecomeTheirDeadLetterOrASignalOrTick) {
  expect_outcomes("-", 4'096, 240);
}

TEST_F(BadInputsTest, FillATableOfFourSymbols) {
  expect_outcomes("accounts.symbols_max=4", 4, 5);
}

// What these rows set is RISK's; to the codec they are signals like any other.
TEST_F(BadInputsTest, AreSignalsWhereOnlyRiskHasItsSay) {
  expect_outcomes("risk.max_signal_age_ms=60000", 4'096, 2);
}

}  // namespace
}  // namespace coreloop::io
