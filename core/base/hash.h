// Tells one content from another; no protection against somebody who wants two to look the same.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace likeness {

// FNV-1a of 64 bits, by words of eight bytes: contents are large. Each add() begins a word of its own.
class ContentHash {
  public:
    void add(const void* data, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, static_cast<const std::uint8_t*>(data) + i, std::min<std::size_t>(8, bytes - i));
            hash_ = (hash_ ^ word) * 1099511628211ull;
            hash_ ^= hash_ >> 32;
        }
    }
    // 16 hexadecimal digits.
    std::string text() const {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash_));
        return digits;
    }

  private:
    std::uint64_t hash_ = 14695981039346656037ull;
};

}  // namespace likeness
