// HdrHistogram's V2 encoding, which all of its implementations read. Own code: Debian has the
// library for Java and Go, none for C or C++.
#pragma once

#include <string>

#include "io/latency/hdr_histogram.hpp"

namespace coreloop::io {

/// The V2 encoding: 40 bytes of header, then the counts, each a ZigZag LEB128; runs of empty
/// buckets are one negative number. Source: AbstractHistogram.encodeIntoByteBuffer.
[[nodiscard]] std::string hdr_encoded(const HdrHistogram& histogram);

/// The same packed by zlib and as base64: the last column of a .hlog line.
[[nodiscard]] std::string hdr_encoded_text(const HdrHistogram& histogram);

}  // namespace coreloop::io
