#include "core/formats/packed_splat_ply.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "core/splat/harmonics.h"

namespace likeness::ply {
namespace {

static_assert(std::endian::native == std::endian::little, "values are read as they lie in the file");

constexpr std::size_t chunk_size = 256;
constexpr std::array<const char*, 12> range_names = {"min_x",       "min_y",       "min_z",       "max_x",
                                                     "max_y",       "max_z",       "min_scale_x", "min_scale_y",
                                                     "min_scale_z", "max_scale_x", "max_scale_y", "max_scale_z"};
constexpr std::array<const char*, 6> color_range_names = {"min_r", "min_g", "min_b", "max_r", "max_g", "max_b"};
constexpr std::array<const char*, 4> word_names = {"packed_position", "packed_rotation", "packed_scale",
                                                   "packed_color"};

[[noreturn]] void incomplete(const std::string& detail) {
    throw BadPly{"is a compressed splat PLY that lacks something; export it again.", detail};
}

// An element's records, checked to lie within the file.
struct Records {
    const Element* element = nullptr;
    const std::uint8_t* data = nullptr;

    // Where a property of that type lies within a record.
    std::size_t offset(const char* name, Type type) const {
        const int found = element->find(name);
        if (found < 0) incomplete(name);
        const Property& property = element->properties[static_cast<std::size_t>(found)];
        if (property.type != type || property.list) incomplete(name);
        return property.offset;
    }
    template <class T>
    T at(std::size_t record, std::size_t offset) const {
        T value;
        std::memcpy(&value, data + record * element->record_bytes + offset, sizeof(T));
        return value;
    }
};

Records records_of(std::span<const std::uint8_t> bytes, const Header& header, const char* name) {
    std::span<const std::uint8_t> body = bytes.subspan(header.data);
    for (const Element& element : header.elements) {
        if (element.has_list) incomplete("a list in " + element.name);
        if (element.record_bytes > 0 && element.count > body.size() / element.record_bytes)
            throw BadPly{"is cut off; copy or export it again.", "fewer bytes than the header says"};
        if (element.name == name) return {&element, body.data()};
        body = body.subspan(static_cast<std::size_t>(element.count) * element.record_bytes);
    }
    incomplete(name);
}

// `bits` bits of a word from `shift` on, as a share of the most that they can hold.
float share(std::uint32_t word, int shift, int bits) {
    const std::uint32_t most = (1u << bits) - 1;
    return static_cast<float>((word >> shift) & most) / static_cast<float>(most);
}

std::array<float, 3> three(std::uint32_t word) {
    return {share(word, 21, 11), share(word, 11, 10), share(word, 0, 11)};
}

// w first. The largest component is positive and follows from the others.
std::array<float, 4> rotation(std::uint32_t word) {
    const std::size_t largest = word >> 30;
    std::array<float, 4> q{};
    float squares = 0;
    int shift = 20;
    for (std::size_t c = 0; c < 4; ++c) {
        if (c == largest) continue;
        q[c] = (share(word, shift, 10) - 0.5f) * std::numbers::sqrt2_v<float>;
        squares += q[c] * q[c];
        shift -= 10;
    }
    q[largest] = std::sqrt(std::max(0.0f, 1 - squares));
    const float length = std::sqrt(std::max(squares, 1.0f));  // three of the greatest values are longer than 1
    for (float& component : q) component /= length;
    return q;
}

}  // namespace

bool is_packed(const Header& header) {
    return std::ranges::any_of(header.elements,
                               [](const Element& e) { return e.name == "vertex" && e.find("packed_position") >= 0; });
}

namespace {

// The coefficients of the "sh" element, gaussian by gaussian; null without one. The file has them channel by channel.
std::shared_ptr<Harmonics> read_harmonics(std::span<const std::uint8_t> bytes, const Header& header,
                                          std::size_t count) {
    if (std::ranges::none_of(header.elements, [](const Element& e) { return e.name == "sh"; })) return nullptr;
    const Records records = records_of(bytes, header, "sh");
    const std::size_t columns = records.element->properties.size();
    int degree = 1;
    while (degree < highest_degree && std::size_t(harmonic_count(degree)) * 3 < columns) ++degree;
    const std::size_t functions = std::size_t(harmonic_count(degree));
    if (records.element->count != count || columns != functions * 3) incomplete("sh");
    for (const Property& property : records.element->properties)
        if (property.type != Type::u8) incomplete(property.name);
    auto harmonics = std::make_shared<Harmonics>(Harmonics{degree, std::vector<float>(count * columns)});
    for (std::size_t n = 0; n < count; ++n)
        for (std::size_t i = 0; i < columns; ++i) {
            const float byte = records.at<std::uint8_t>(n, i);
            const float share = byte == 0 ? 0.0f : byte == 255 ? 1.0f : (byte + 0.5f) / 256.0f;
            harmonics->values[n * columns + i % functions * 3 + i / functions] = 8 * share - 4;
        }
    return harmonics;
}

}  // namespace

SplatSet read_packed(std::span<const std::uint8_t> bytes, const Header& header, Notes& notes) {
    if (header.encoding != Encoding::little_endian) incomplete("not binary_little_endian");
    const Records chunks = records_of(bytes, header, "chunk"), vertices = records_of(bytes, header, "vertex");
    const std::size_t count = static_cast<std::size_t>(vertices.element->count);
    if (count == 0) throw BadPly{"holds no Gaussians; choose another file.", "0 vertices"};
    std::array<std::size_t, 4> words{};
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = vertices.offset(word_names[i], Type::u32);
    if (chunks.element->count < (count - 1) / chunk_size + 1) incomplete("too few chunks");
    std::array<std::size_t, range_names.size()> ranges{};
    for (std::size_t i = 0; i < ranges.size(); ++i) ranges[i] = chunks.offset(range_names[i], Type::f32);
    const bool has_color_range = chunks.element->find(color_range_names[0]) >= 0;
    std::array<std::size_t, color_range_names.size()> color_ranges{};
    if (has_color_range)
        for (std::size_t i = 0; i < color_ranges.size(); ++i)
            color_ranges[i] = chunks.offset(color_range_names[i], Type::f32);

    const std::shared_ptr<Harmonics> harmonics = read_harmonics(bytes, header, count);
    const std::size_t row = harmonics ? harmonics->values.size() / count : 0;
    SplatSet splats;
    splats.resize(count);
    splats.count = 0;
    for (std::size_t n = 0; n < count; ++n) {
        const std::size_t chunk = n / chunk_size;
        // The k-th of three values whose range begins at offsets[first].
        const auto within = [&](const auto& offsets, std::size_t first, std::size_t k, float t) {
            const float low = chunks.at<float>(chunk, offsets[first + k]),
                        high = chunks.at<float>(chunk, offsets[first + 3 + k]);
            return low + t * (high - low);
        };
        const std::array<float, 3> position = three(vertices.at<std::uint32_t>(n, words[0])),
                                   scale = three(vertices.at<std::uint32_t>(n, words[2]));
        const std::uint32_t color = vertices.at<std::uint32_t>(n, words[3]);
        const std::size_t i = splats.count;
        bool finite = true;
        for (std::size_t k = 0; k < 3; ++k) {
            const float mean = within(ranges, 0, k, position[k]), size = within(ranges, 6, k, scale[k]);
            const float channel = share(color, 24 - 8 * static_cast<int>(k), 8);
            const float shown = has_color_range ? within(color_ranges, 0, k, channel) : channel;
            finite = finite && std::isfinite(mean) && std::isfinite(size) && std::isfinite(shown);
            splats.means[3 * i + k] = mean;
            splats.scales[3 * i + k] = std::clamp(std::exp(size), 1e-9f, 1e4f);
            splats.colors[3 * i + k] = shown;
        }
        if (!finite) continue;
        splats.opacities[i] = std::clamp(share(color, 0, 8), 1e-7f, 1.0f - 1e-7f);
        const std::array<float, 4> q = rotation(vertices.at<std::uint32_t>(n, words[1]));
        std::copy(q.begin(), q.end(), splats.rotations.begin() + static_cast<std::ptrdiff_t>(4 * i));
        if (harmonics && i != n) std::copy_n(&harmonics->values[n * row], row, &harmonics->values[i * row]);
        ++splats.count;
    }
    splats.resize(splats.count);
    if (harmonics) {
        harmonics->values.resize(splats.count * row);
        splats.harmonics = harmonics;
    }
    if (splats.count < count) notes.push_back(left_out(count - splats.count, count));
    return splats;
}

}  // namespace likeness::ply
