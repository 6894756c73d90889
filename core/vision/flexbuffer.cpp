#include "core/vision/flexbuffer.h"

#include <cstring>
#include <optional>
#include <stdexcept>

namespace likeness {

namespace {

// Types of the FlexBuffers format that operator options use.
enum FlexType { flex_int = 1, flex_uint = 2, flex_float = 3, flex_map = 9, flex_vector = 10, flex_int_vector = 11 };
constexpr int flex_uint_vector = 12;
constexpr int flex_indirect_int = 6, flex_indirect_float = 8;

class Reader {
  public:
    explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint64_t unsigned_at(std::size_t at, std::size_t width) const {
        check(at, width);
        std::uint64_t value = 0;
        std::memcpy(&value, bytes_.data() + at, width);  // little-endian, as the format is
        return value;
    }
    std::int64_t signed_at(std::size_t at, std::size_t width) const {
        const std::uint64_t value = unsigned_at(at, width);
        const int shift = int(64 - 8 * width);
        return std::int64_t(value << shift) >> shift;
    }
    double float_at(std::size_t at, std::size_t width) const {
        check(at, width);
        if (width == 4) {
            float value;
            std::memcpy(&value, bytes_.data() + at, 4);
            return double(value);
        }
        if (width != 8) throw std::runtime_error("half floats are not used in options");
        double value;
        std::memcpy(&value, bytes_.data() + at, 8);
        return value;
    }
    // Offsets point backwards from where they lie.
    std::size_t follow(std::size_t at, std::size_t width) const {
        const std::uint64_t offset = unsigned_at(at, width);
        if (offset > at) throw std::runtime_error("an offset leaves the options");
        return at - std::size_t(offset);
    }
    std::string key_at(std::size_t at) const {
        std::size_t end = at;
        while (end < bytes_.size() && bytes_[end] != 0) ++end;
        check(end, 1);
        return {reinterpret_cast<const char*>(bytes_.data() + at), end - at};
    }
    // The number of elements lies one width before a vector.
    std::size_t count_before(std::size_t vector, std::size_t width) const {
        if (vector < width) throw std::runtime_error("a list begins before the options");
        const std::uint64_t count = unsigned_at(vector - width, width);
        if (count > bytes_.size()) throw std::runtime_error("a list is longer than the options");
        return std::size_t(count);
    }

    std::optional<FlexValue> value(std::size_t at, std::size_t parent_width, std::uint8_t packed_type) const {
        const int type = packed_type >> 2;
        const std::size_t width = std::size_t(1) << (packed_type & 3);
        if (type == flex_int || type == flex_uint) return signed_at(at, parent_width);
        if (type == flex_float) return float_at(at, parent_width);
        if (type == flex_indirect_int) return signed_at(follow(at, parent_width), width);
        if (type == flex_indirect_float) return float_at(follow(at, parent_width), width);
        if (type == flex_vector || type == flex_int_vector || type == flex_uint_vector) {
            const std::size_t vector = follow(at, parent_width);
            const std::size_t count = count_before(vector, width);
            std::vector<std::int64_t> list(count);
            for (std::size_t i = 0; i < count; ++i) list[i] = signed_at(vector + i * width, width);
            return list;
        }
        return {};
    }

  private:
    void check(std::size_t at, std::size_t width) const {
        if (at > bytes_.size() || width > bytes_.size() - at) throw std::runtime_error("truncated options");
    }
    std::span<const std::uint8_t> bytes_;
};

}  // namespace

std::map<std::string, FlexValue> read_flexbuffer_map(std::span<const std::uint8_t> bytes) {
    const Reader reader(bytes);
    if (bytes.size() < 3) throw std::runtime_error("options too short");
    const std::size_t root_width = bytes[bytes.size() - 1];
    const std::uint8_t root_type = bytes[bytes.size() - 2];
    if ((root_type >> 2) != flex_map || (root_width != 1 && root_width != 2 && root_width != 4 && root_width != 8) ||
        bytes.size() < 2 + root_width)
        throw std::runtime_error("the options are not a map");
    // A map: [offset of the keys, width of the keys, count] values..., packed types...
    const std::size_t map = reader.follow(bytes.size() - 2 - root_width, root_width);
    const std::size_t width = std::size_t(1) << (root_type & 3);
    const std::size_t count = reader.count_before(map, width);
    if (map < 3 * width) throw std::runtime_error("a map begins before the options");
    const std::size_t keys = reader.follow(map - 3 * width, width);
    const std::uint64_t key_width = reader.unsigned_at(map - 2 * width, width);
    if (key_width != 1 && key_width != 2 && key_width != 4 && key_width != 8)
        throw std::runtime_error("bad width of the options' keys");
    std::map<std::string, FlexValue> result;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string key = reader.key_at(reader.follow(keys + i * key_width, key_width));
        const std::uint8_t type = std::uint8_t(reader.unsigned_at(map + count * width + i, 1));
        if (const std::optional<FlexValue> value = reader.value(map + i * width, width, type)) result[key] = *value;
    }
    return result;
}

}  // namespace likeness
