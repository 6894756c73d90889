#include "core/image/exif.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace likeness {
namespace {

// Tags and types: TIFF 6.0, section 2; Exif 2.32, 4.6.
constexpr std::uint16_t tag_orientation = 0x0112, tag_exif_ifd = 0x8769, tag_focal = 0x920a, tag_focal_35mm = 0xa405;
constexpr std::uint16_t type_short = 3, type_long = 4, type_rational = 5;

class Tiff {
  public:
    explicit Tiff(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
        if (bytes.size() < 8) return;
        big_endian_ = bytes[0] == 'M' && bytes[1] == 'M';
        const bool little_endian = bytes[0] == 'I' && bytes[1] == 'I';
        valid_ = (big_endian_ || little_endian) && u16(2) == 42;
    }
    bool valid() const { return valid_; }
    bool has(std::uint64_t at, std::uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }

    // Outside the data: 0.
    std::uint16_t u16(std::uint64_t at) const {
        if (!has(at, 2)) return 0;
        const unsigned a = bytes_[at], b = bytes_[at + 1];
        return static_cast<std::uint16_t>(big_endian_ ? a << 8 | b : b << 8 | a);
    }
    std::uint32_t u32(std::uint64_t at) const {
        if (!has(at, 4)) return 0;
        const std::uint32_t a = u16(at), b = u16(at + 2);
        return big_endian_ ? a << 16 | b : b << 16 | a;
    }

  private:
    std::span<const std::uint8_t> bytes_;
    bool big_endian_ = false, valid_ = false;
};

std::optional<float> plausible(double millimetres, double most) {
    if (std::isfinite(millimetres) && millimetres > 0.1 && millimetres < most) return static_cast<float>(millimetres);
    return std::nullopt;
}

// Reads one directory; returns the offset of the Exif directory when it names one, else 0.
std::uint32_t read_directory(const Tiff& tiff, std::uint64_t at, Exif& exif) {
    std::uint32_t exif_directory = 0;
    const unsigned count = tiff.u16(at);
    for (unsigned i = 0; i < count; ++i) {
        const std::uint64_t entry = at + 2 + std::uint64_t(i) * 12;
        if (!tiff.has(entry, 12)) break;
        const std::uint16_t tag = tiff.u16(entry), type = tiff.u16(entry + 2);
        if (tiff.u32(entry + 4) != 1) continue;  // all of ours hold one value
        if (tag == tag_orientation && (type == type_short || type == type_long)) {
            const std::uint32_t value = type == type_short ? tiff.u16(entry + 8) : tiff.u32(entry + 8);
            if (value >= 1 && value <= 8) exif.orientation = int(value);
        } else if (tag == tag_exif_ifd && type == type_long) {
            exif_directory = tiff.u32(entry + 8);
        } else if (tag == tag_focal && type == type_rational) {
            const std::uint64_t value = tiff.u32(entry + 8);
            if (tiff.has(value, 8) && tiff.u32(value + 4) != 0)
                exif.focal_mm = plausible(double(tiff.u32(value)) / double(tiff.u32(value + 4)), 5000.0);
        } else if (tag == tag_focal_35mm && (type == type_short || type == type_long)) {
            exif.focal_35mm = plausible(type == type_short ? tiff.u16(entry + 8) : tiff.u32(entry + 8), 5000.0);
        }
    }
    return exif_directory;
}

}  // namespace

Exif parse_exif(std::span<const std::uint8_t> bytes) {
    Exif exif;
    const Tiff tiff(bytes);
    if (!tiff.valid()) return exif;
    // Two directories at most, so directories that point at each other do no harm.
    if (const std::uint32_t inner = read_directory(tiff, tiff.u32(4), exif); inner != 0) {
        const auto orientation = exif.orientation;
        read_directory(tiff, inner, exif);
        exif.orientation = orientation;
    }
    return exif;
}

std::optional<int> xmp_orientation(std::string_view packet) {
    constexpr std::string_view name = "tiff:Orientation";
    for (std::size_t at = packet.find(name); at != std::string_view::npos; at = packet.find(name, at)) {
        at += name.size();
        const std::size_t digit = packet.find_first_not_of(" \t\r\n=\"'>", at);
        if (digit == std::string_view::npos) break;
        const char c = packet[digit];
        const bool alone = digit + 1 >= packet.size() || packet[digit + 1] < '0' || packet[digit + 1] > '9';
        if (digit > at && c >= '1' && c <= '8' && alone) return c - '0';
    }
    return {};
}

std::vector<std::uint8_t> raw_profile(std::string_view text) {
    // "\nexif\n    1234\n45786966..."
    const auto take_line = [&text] {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        return line;
    };
    while (!text.empty() && text.front() == '\n') text.remove_prefix(1);
    take_line();
    take_line();
    std::vector<std::uint8_t> bytes;
    int high = -1;
    for (const char c : text) {
        const int value = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (value < 0) {
            if (c == '\n' || c == '\r' || c == ' ') continue;
            return {};
        }
        if (high >= 0) bytes.push_back(std::uint8_t(high << 4 | value));
        high = high >= 0 ? -1 : value;
    }
    constexpr std::uint8_t tag[] = {'E', 'x', 'i', 'f', 0, 0};
    if (bytes.size() > sizeof tag && std::equal(std::begin(tag), std::end(tag), bytes.begin()))
        bytes.erase(bytes.begin(), bytes.begin() + sizeof tag);
    return bytes;
}

}  // namespace likeness
