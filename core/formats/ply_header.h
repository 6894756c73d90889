// Inside core/formats: the header of a PLY file (Greg Turk's format, 1.0).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace likeness::ply {

enum class Encoding { ascii, little_endian, big_endian };
enum class Type { i8, u8, i16, u16, i32, u32, f32, f64 };

std::size_t size_of(Type type);

struct Property {
    std::string name;
    Type type = Type::f32;
    bool list = false;
    std::size_t offset = 0;  // bytes from the start of a (list-free) record
};

struct Element {
    std::string name;
    std::uint64_t count = 0;
    std::vector<Property> properties;
    bool has_list = false;
    std::size_t record_bytes = 0;  // without lists
    // -1 when there is none.
    int find(std::string_view property) const;
};

struct Header {
    Encoding encoding = Encoding::ascii;
    std::vector<Element> elements;
    std::size_t data = 0;  // where the data begin
};

// Why a file cannot be used: follows the quoted file name.
struct BadPly {
    std::string reason;
    std::string detail;
};

// Throws BadPly.
Header parse_header(std::span<const std::uint8_t> bytes);

}  // namespace likeness::ply
