#include "core/formats/splat_ply.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>

#include "core/formats/packed_splat_ply.h"
#include "core/formats/ply_header.h"
#include "core/image/file_bytes.h"

namespace likeness {
namespace {

using ply::BadPly;

constexpr float sh_c0 = 0.28209479177387814f;  // the constant spherical harmonic
constexpr std::size_t max_file_bytes = std::size_t(8) << 30;
constexpr std::size_t value_count = 14;
constexpr std::array<const char*, value_count> value_names = {"x",      "y",       "z",       "f_dc_0",  "f_dc_1",
                                                              "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
                                                              "rot_0",  "rot_1",   "rot_2",   "rot_3"};
using Values = std::array<double, value_count>;

[[noreturn]] void cut_off() {
    throw BadPly{"is cut off; copy or export it again.", "fewer bytes than the header says"};
}

template <class T>
double number(const std::uint8_t* at, bool swap) {
    std::array<std::uint8_t, sizeof(T)> bytes;
    std::memcpy(bytes.data(), at, sizeof(T));
    if (swap) std::reverse(bytes.begin(), bytes.end());
    return static_cast<double>(std::bit_cast<T>(bytes));
}

double number(ply::Type type, const std::uint8_t* at, bool swap) {
    switch (type) {
        case ply::Type::i8:
            return number<std::int8_t>(at, false);
        case ply::Type::u8:
            return number<std::uint8_t>(at, false);
        case ply::Type::i16:
            return number<std::int16_t>(at, swap);
        case ply::Type::u16:
            return number<std::uint16_t>(at, swap);
        case ply::Type::i32:
            return number<std::int32_t>(at, swap);
        case ply::Type::u32:
            return number<std::uint32_t>(at, swap);
        case ply::Type::f32:
            return number<float>(at, swap);
        case ply::Type::f64:
            return number<double>(at, swap);
    }
    return 0.0;
}

// The numbers of an ascii body, one after the other.
class Tokens {
  public:
    explicit Tokens(std::string_view text) : text_(text) {}
    double next() {
        constexpr std::string_view blanks = " \t\r\n";
        while (at_ < text_.size() && blanks.find(text_[at_]) != std::string_view::npos) ++at_;
        if (at_ >= text_.size()) cut_off();
        double value = 0.0;
        const auto [stop, code] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
        if (code != std::errc() && code != std::errc::result_out_of_range)
            throw BadPly{"holds text where a number belongs; export it again.", "ascii PLY"};
        at_ = static_cast<std::size_t>(stop - text_.data());
        if (at_ < text_.size() && blanks.find(text_[at_]) == std::string_view::npos)
            throw BadPly{"holds text where a number belongs; export it again.", "ascii PLY"};
        return value;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

// Appends one Gaussian unless a value is not finite.
void append(SplatSet& splats, const Values& v) {
    for (const double value : v)
        if (!std::isfinite(static_cast<float>(value))) return;
    const std::size_t i = splats.count++;
    for (std::size_t c = 0; c < 3; ++c) {
        splats.means[3 * i + c] = static_cast<float>(v[c]);
        splats.colors[3 * i + c] = 0.5f + sh_c0 * static_cast<float>(v[3 + c]);
        splats.scales[3 * i + c] = std::clamp(std::exp(static_cast<float>(v[7 + c])), 1e-9f, 1e4f);
    }
    splats.opacities[i] = std::clamp(static_cast<float>(1.0 / (1.0 + std::exp(-v[6]))), 1e-7f, 1.0f - 1e-7f);
    const double length = std::sqrt(v[10] * v[10] + v[11] * v[11] + v[12] * v[12] + v[13] * v[13]);
    for (std::size_t c = 0; c < 4; ++c)
        splats.rotations[4 * i + c] = length > 1e-30 ? static_cast<float>(v[10 + c] / length) : (c == 0 ? 1.0f : 0.0f);
}

// The vertex element, checked to hold Gaussians; where the element's data begin, in elements before it.
const ply::Element& gaussians_of(const ply::Header& header) {
    const auto vertex = std::find_if(header.elements.begin(), header.elements.end(),
                                     [](const ply::Element& element) { return element.name == "vertex"; });
    if (vertex == header.elements.end())
        throw BadPly{"holds no vertices; choose a 3D Gaussian Splatting PLY.", "no vertex element"};
    const bool any_splat = vertex->find("f_dc_0") >= 0 || vertex->find("rot_0") >= 0 || vertex->find("scale_0") >= 0;
    for (const char* name : value_names) {
        const int found = vertex->find(name);
        if (found >= 0 && !vertex->properties[static_cast<std::size_t>(found)].list) continue;
        if (any_splat)
            throw BadPly{std::string("has Gaussians without '") + name + "'; export it as a standard 3DGS PLY.", name};
        const bool faces = std::any_of(header.elements.begin(), header.elements.end(), [](const ply::Element& element) {
            return element.name == "face" && element.count > 0;
        });
        throw BadPly{std::string("is a ") + (faces ? "mesh" : "plain point cloud") +
                         " and holds no Gaussians; choose a 3D Gaussian Splatting PLY.",
                     std::string("no property ") + name};
    }
    if (vertex->has_list) throw BadPly{"has lists inside its Gaussians; export it as a standard 3DGS PLY.", "list"};
    if (vertex->count == 0) throw BadPly{"holds no Gaussians; choose another file.", "0 vertices"};
    return *vertex;
}

SplatSet read_standard(std::span<const std::uint8_t> bytes, const ply::Header& header) {
    const ply::Element& vertex = gaussians_of(header);
    std::array<std::size_t, value_count> columns{};
    for (std::size_t i = 0; i < value_count; ++i) columns[i] = static_cast<std::size_t>(vertex.find(value_names[i]));

    // Elements before the vertices: only their size matters.
    std::span<const std::uint8_t> body = bytes.subspan(header.data);
    std::uint64_t values_before = 0;
    const bool ascii = header.encoding == ply::Encoding::ascii;
    for (const ply::Element& element : header.elements) {
        if (&element == &vertex) break;
        if (element.has_list)
            throw BadPly{"has lists before its Gaussians; export it as a standard 3DGS PLY.", element.name};
        const std::size_t unit = ascii ? 2 * element.properties.size() : element.record_bytes;  // at least, in ascii
        if (unit == 0) continue;
        if (element.count > body.size() / unit) cut_off();
        if (ascii)
            values_before += element.count * element.properties.size();
        else
            body = body.subspan(static_cast<std::size_t>(element.count) * unit);
    }
    // Two characters a number, and the last line may lack its end.
    const std::size_t unit = ascii ? 2 * vertex.properties.size() : vertex.record_bytes;
    if (vertex.count > (body.size() + (ascii ? 1 : 0)) / unit) cut_off();

    SplatSet splats;
    splats.resize(static_cast<std::size_t>(vertex.count));
    splats.count = 0;
    Values values{};
    if (ascii) {
        Tokens tokens({reinterpret_cast<const char*>(body.data()), body.size()});
        for (std::uint64_t i = 0; i < values_before; ++i) tokens.next();
        std::vector<double> record(vertex.properties.size());
        for (std::uint64_t n = 0; n < vertex.count; ++n) {
            for (double& value : record) value = tokens.next();
            for (std::size_t i = 0; i < value_count; ++i) values[i] = record[columns[i]];
            append(splats, values);
        }
    } else {
        const bool swap =
            (header.encoding == ply::Encoding::big_endian) == (std::endian::native == std::endian::little);
        const std::uint8_t* record = body.data();
        for (std::uint64_t n = 0; n < vertex.count; ++n, record += vertex.record_bytes) {
            for (std::size_t i = 0; i < value_count; ++i) {
                const ply::Property& property = vertex.properties[columns[i]];
                values[i] = number(property.type, record + property.offset, swap);
            }
            append(splats, values);
        }
    }
    return splats;
}

SplatSet read(std::span<const std::uint8_t> bytes) {
    const ply::Header header = ply::parse_header(bytes);
    SplatSet splats = ply::is_packed(header) ? ply::read_packed(bytes, header) : read_standard(bytes, header);
    if (splats.count == 0) throw BadPly{"holds only Gaussians that are not finite; export it again.", ""};
    splats.resize(splats.count);
    return splats;
}

}  // namespace

Result<SplatSet> load_splat_ply_from_memory(std::span<const std::uint8_t> bytes, const std::string& name) {
    try {
        return read(bytes);
    } catch (const BadPly& bad) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + bad.reason, bad.detail};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "splat PLY"};
    }
}

Result<SplatSet> load_splat_ply(const std::filesystem::path& path) {
    const Result<std::vector<std::uint8_t>> bytes = read_file(path, max_file_bytes);
    if (!bytes) return bytes.error();
    return load_splat_ply_from_memory(*bytes, path.string());
}

Status save_splat_ply(const std::filesystem::path& path, const SplatSet& splats, bool pad_sh3) {
    const std::size_t n = splats.count;
    if (splats.means.size() != 3 * n || splats.scales.size() != 3 * n || splats.rotations.size() != 4 * n ||
        splats.colors.size() != 3 * n || splats.opacities.size() != n)
        return Error{ErrorCode::invalid_argument, "The splats for '" + path.string() + "' are incomplete.",
                     "array sizes"};
    // What load_splat_ply would leave out, or refuse.
    for (const auto* values : {&splats.means, &splats.scales, &splats.rotations, &splats.colors, &splats.opacities})
        if (!std::all_of(values->begin(), values->end(), [](float x) { return std::isfinite(x); }))
            return Error{ErrorCode::internal,
                         "The splats have a number that is not finite, so '" + path.string() + "' was not written.",
                         ""};
    const int rest = pad_sh3 ? 45 : 0;
    std::string header = "ply\nformat binary_little_endian 1.0\nelement vertex " + std::to_string(n) + "\n";
    const auto property = [&](const std::string& name) { header += "property float " + name + "\n"; };
    for (const char* name : {"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}) property(name);
    for (int i = 0; i < rest; ++i) property("f_rest_" + std::to_string(i));
    for (const char* name : {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
        property(name);
    header += "end_header\n";

    const std::size_t stride = 17 + static_cast<std::size_t>(rest);
    std::vector<std::uint8_t> file;
    try {
        file.resize(header.size() + n * stride * sizeof(float));
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to write '" + path.string() + "'.", ""};
    }
    std::memcpy(file.data(), header.data(), header.size());
    std::vector<float> record(stride, 0.0f);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t tail = 9 + static_cast<std::size_t>(rest);
        const float opacity = std::clamp(splats.opacities[i], 1e-7f, 1.0f - 1e-7f);
        record[tail] = std::log(opacity) - std::log1p(-opacity);
        for (std::size_t c = 0; c < 3; ++c) {
            record[c] = splats.means[3 * i + c];
            record[6 + c] = (splats.colors[3 * i + c] - 0.5f) / sh_c0;
            record[tail + 1 + c] = std::log(std::max(splats.scales[3 * i + c], 1e-9f));
        }
        for (std::size_t c = 0; c < 4; ++c) record[tail + 4 + c] = splats.rotations[4 * i + c];
        std::memcpy(file.data() + header.size() + i * stride * sizeof(float), record.data(), stride * sizeof(float));
    }
    return save_file(path, file);
}

}  // namespace likeness
