// The state of the stages as bytes. Every object that keeps some names its members once, in
// visit_state(), and a visitor writes them down or reads them back:
//
//   StateSize      how many bytes they are
//   StateWriter    members -> bytes
//   StateReader    bytes -> members of an object made with the same conf
//
// Each member stands behind its size and count, so that bytes of another layout are seen. They are
// those of this machine: little-endian, and of the same compiler's layout. To be called between
// inputs, while no thread runs the stages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace coreloop::stages {

namespace detail {

/// What stands before the bytes of a member.
struct MemberHead {
  std::uint32_t size = 0;  ///< of one
  std::uint32_t count = 0;
};

}  // namespace detail

/// `Bytes` has append(const char*, std::size_t): a std::string, or what only looks at them.
template <class Bytes>
class StateWriter {
 public:
  /// Appends to `bytes`, which must outlive it.
  explicit StateWriter(Bytes& bytes) : bytes_(bytes) {}

  template <class T>
  void value(const T& member) {
    write(&member, 1);
  }

  /// The first `used` rows of a table of fixed size; the others are as they were made.
  template <class T>
  void rows(const std::vector<T>& table, std::size_t used) {
    write(table.data(), used);
  }
  template <class T>
  void rows(const std::vector<T>& table) {
    rows(table, table.size());
  }

 private:
  template <class T>
  void write(const T* members, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>,
                  "no padding: equal states have equal bytes");
    const detail::MemberHead head{sizeof(T), static_cast<std::uint32_t>(count)};
    bytes_.append(reinterpret_cast<const char*>(&head), sizeof head);
    bytes_.append(reinterpret_cast<const char*>(members), count * sizeof(T));
  }

  Bytes& bytes_;
};

/// What a StateWriter would write.
class StateSize {
 public:
  template <class T>
  void value(const T& /*member*/) {
    bytes_ += sizeof(detail::MemberHead) + sizeof(T);
  }
  template <class T>
  void rows(const std::vector<T>& /*table*/, std::size_t used) {
    bytes_ += sizeof(detail::MemberHead) + used * sizeof(T);
  }
  template <class T>
  void rows(const std::vector<T>& table) {
    rows(table, table.size());
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

class StateReader {
 public:
  /// `bytes` must outlive it.
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  void value(T& member) {
    read(&member, 1);
  }
  template <class T>
  void rows(std::vector<T>& table, std::size_t used) {
    if (used > table.size())
      is_wrong_ = true;
    else
      read(table.data(), used);
  }
  template <class T>
  void rows(std::vector<T>& table) {
    rows(table, table.size());
  }

  /// Whether every byte has found its member. If not, what was read into is to be thrown away.
  [[nodiscard]] bool is_complete() const noexcept { return !is_wrong_ && bytes_.empty(); }

 private:
  template <class T>
  void read(T* members, std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    detail::MemberHead head;
    is_wrong_ = is_wrong_ || bytes_.size() < sizeof head;
    if (is_wrong_) return;
    std::memcpy(&head, bytes_.data(), sizeof head);
    bytes_.remove_prefix(sizeof head);
    is_wrong_ = head.size != sizeof(T) || head.count != count || bytes_.size() / sizeof(T) < count;
    if (is_wrong_ || count == 0) return;
    std::memcpy(static_cast<void*>(members), bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
  }

  std::string_view bytes_;
  bool is_wrong_ = false;
};

}  // namespace coreloop::stages
