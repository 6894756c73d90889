#include "core/formats/splat_ply.h"

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include "core/formats/packed_splat_ply.h"
#include "core/formats/ply_header.h"
#include "core/image/file_bytes.h"
#include "core/splat/harmonics.h"

namespace likeness {
namespace {

using ply::BadPly;

constexpr float sh_c0 = 0.28209479177387814f;  // the constant spherical harmonic
constexpr std::size_t max_file_bytes = std::size_t(8) << 30;
constexpr std::size_t value_count = 14;
constexpr std::array<const char*, value_count> value_names = {"x",      "y",       "z",       "f_dc_0",  "f_dc_1",
                                                              "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
                                                              "rot_0",  "rot_1",   "rot_2",   "rot_3"};
constexpr std::size_t first_color = 3, opacity = 6, third_scale = 9;  // in that order
constexpr std::size_t no_column = std::numeric_limits<std::size_t>::max();

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

// Where the values of a Gaussian lie among the properties of its element.
struct Columns {
    std::array<std::size_t, value_count> values{};
    bool flat = false;              // no third scale
    double color_range = 0;         // of red, green and blue, which stand in for f_dc; 0: f_dc
    std::vector<std::size_t> rest;  // of f_rest, channel by channel
    int degree = 0;
};

std::size_t column_of(const ply::Element& vertex, const std::string& name) {
    const int found = vertex.find(name);
    return found >= 0 && !vertex.properties[std::size_t(found)].list ? std::size_t(found) : no_column;
}

[[noreturn]] void lacks(const ply::Header& header, const ply::Element& vertex, const char* name) {
    if (vertex.find("f_dc_0") >= 0 || vertex.find("rot_0") >= 0 || vertex.find("scale_0") >= 0)
        throw BadPly{std::string("has Gaussians without '") + name + "'; export it as a standard 3DGS PLY.", name};
    const bool faces = std::any_of(header.elements.begin(), header.elements.end(), [](const ply::Element& element) {
        return element.name == "face" && element.count > 0;
    });
    throw BadPly{std::string("is a ") + (faces ? "mesh" : "plain point cloud") +
                     " and holds no Gaussians; choose a 3D Gaussian Splatting PLY.",
                 std::string("no property ") + name};
}

// Degrees above the third are left out.
void find_harmonics(const ply::Element& vertex, Columns& columns, Notes& notes) {
    std::size_t count = 0;
    while (column_of(vertex, "f_rest_" + std::to_string(count)) != no_column) ++count;
    if (count == 0) return;
    int degree = 1;
    while (std::size_t(harmonic_count(degree)) * 3 < count) ++degree;
    const std::size_t functions = std::size_t(harmonic_count(degree));
    if (functions * 3 != count) {
        notes.push_back("Its " + std::to_string(count) +
                        " coefficients of spherical harmonics are of no degree and were left out.");
        return;
    }
    if (degree > highest_degree)
        notes.push_back("Its spherical harmonics are of degree " + std::to_string(degree) +
                        "; those above 3 were left out.");
    columns.degree = std::min(degree, highest_degree);
    for (std::size_t channel = 0; channel < 3; ++channel)
        for (std::size_t k = 0; k < std::size_t(harmonic_count(columns.degree)); ++k)
            columns.rest.push_back(column_of(vertex, "f_rest_" + std::to_string(channel * functions + k)));
}

// The vertex element, checked to hold Gaussians, and its columns.
const ply::Element& gaussians_of(const ply::Header& header, Columns& columns, Notes& notes) {
    const auto vertex = std::find_if(header.elements.begin(), header.elements.end(),
                                     [](const ply::Element& element) { return element.name == "vertex"; });
    if (vertex == header.elements.end())
        throw BadPly{"holds no vertices; choose a 3D Gaussian Splatting PLY.", "no vertex element"};
    constexpr std::array<const char*, 3> color_names = {"red", "green", "blue"};
    for (std::size_t i = 0; i < value_count; ++i) {
        std::size_t column = column_of(*vertex, value_names[i]);
        if (i >= first_color && i < first_color + 3 && column == no_column) {
            column = column_of(*vertex, color_names[i - first_color]);
            if (column != no_column) {
                const ply::Type type = vertex->properties[column].type;
                columns.color_range = type == ply::Type::u16                             ? 65535
                                      : type == ply::Type::f32 || type == ply::Type::f64 ? 1
                                                                                         : 255;
            }
        }
        if (i == third_scale && column == no_column) {
            columns.flat = true;
            column = columns.values[third_scale - 1];
        }
        if (column == no_column) lacks(header, *vertex, value_names[i]);
        columns.values[i] = column;
    }
    if (vertex->has_list) throw BadPly{"has lists inside its Gaussians; export it as a standard 3DGS PLY.", "list"};
    if (vertex->count == 0) throw BadPly{"holds no Gaussians; choose another file.", "0 vertices"};
    find_harmonics(*vertex, columns, notes);
    if (std::any_of(vertex->properties.begin(), vertex->properties.end(),
                    [](const ply::Property& property) { return property.name.starts_with("binding"); }))
        notes.push_back(
            "Its Gaussians are bound to the triangles of a mesh that the file does not hold (binding_...); without it "
            "they do not lie where they belong.");
    return *vertex;
}

// Puts a record's values in the n-th row, scales and opacities as they are stored.
template <class Value>
void put(const Columns& columns, const Value& value, std::size_t n, SplatSet& splats, std::vector<float>& harmonics) {
    const auto at = [&](std::size_t i) { return float(value(columns.values[i])); };
    for (std::size_t c = 0; c < 3; ++c) {
        splats.means[3 * n + c] = at(c);
        const float color = at(first_color + c);
        splats.colors[3 * n + c] = columns.color_range > 0 ? color / float(columns.color_range) : 0.5f + sh_c0 * color;
        splats.scales[3 * n + c] = at(third_scale - 2 + c);
    }
    if (columns.flat) splats.scales[3 * n + 2] = -std::numeric_limits<float>::infinity();
    splats.opacities[n] = at(opacity);
    for (std::size_t c = 0; c < 4; ++c) splats.rotations[4 * n + c] = at(third_scale + 1 + c);
    const std::size_t functions = columns.rest.size() / 3;
    for (std::size_t i = 0; i < columns.rest.size(); ++i)
        harmonics[n * columns.rest.size() + i % functions * 3 + i / functions] = float(value(columns.rest[i]));
}

// Elements before this one: only their size matters. Numbers to skip in an ascii body, bytes in another.
std::uint64_t before(const ply::Header& header, const ply::Element& wanted, std::uint64_t body) {
    const bool ascii = header.encoding == ply::Encoding::ascii;
    std::uint64_t skipped = 0, room = body;
    for (const ply::Element& element : header.elements) {
        if (&element == &wanted) break;
        if (element.has_list)
            throw BadPly{"has lists before its Gaussians; export it as a standard 3DGS PLY.", element.name};
        const std::size_t unit = ascii ? 2 * element.properties.size() : element.record_bytes;  // at least, in ascii
        if (unit == 0) continue;
        if (element.count > room / unit) cut_off();
        room -= element.count * unit;
        skipped += element.count * (ascii ? element.properties.size() : element.record_bytes);
    }
    return skipped;
}

// Files of a picture seen by a camera (Apple's ml-sharp) have the axes of that camera, y down and z forwards, and its
// matrix from the world in an element of 16 numbers. Turns them upright, to be seen from where the camera was.
void turn_upright(std::span<const std::uint8_t> bytes, const ply::Header& header, SplatSet& splats, Notes& notes) {
    const auto element = std::find_if(header.elements.begin(), header.elements.end(),
                                      [](const ply::Element& e) { return e.name == "extrinsic"; });
    if (element == header.elements.end()) return;
    Eigen::Matrix3f rotation = Eigen::Matrix3f::Identity();
    if (header.encoding == ply::Encoding::little_endian && element->count == 16 && element->properties.size() == 1 &&
        element->properties[0].type == ply::Type::f32 && !element->has_list) {
        const std::uint64_t body = bytes.size() - header.data, at = before(header, *element, body);
        if (16 * sizeof(float) > body - at) cut_off();
        Eigen::Matrix<float, 4, 4, Eigen::RowMajor> matrix;
        std::memcpy(matrix.data(), bytes.data() + header.data + at, 16 * sizeof(float));
        const Eigen::Matrix3f given = matrix.topLeftCorner<3, 3>();
        if ((given * given.transpose() - Eigen::Matrix3f::Identity()).norm() < 1e-2f && given.determinant() > 0)
            rotation = given;
    }
    turn(splats, Eigen::Vector3f(1, -1, -1).asDiagonal() * rotation);
    notes.push_back("Its axes are those of a camera, y down and z forwards; it was turned upright.");
}

SplatSet read_standard(std::span<const std::uint8_t> bytes, const ply::Header& header, Notes& notes) {
    Columns columns;
    const ply::Element& vertex = gaussians_of(header, columns, notes);
    std::span<const std::uint8_t> body = bytes.subspan(header.data);
    const bool ascii = header.encoding == ply::Encoding::ascii;
    const std::uint64_t skipped = before(header, vertex, body.size());
    if (!ascii) body = body.subspan(std::size_t(skipped));
    // Two characters a number, and the last line may lack its end.
    const std::size_t unit = ascii ? 2 * vertex.properties.size() : vertex.record_bytes;
    if (vertex.count > (body.size() + (ascii ? 1 : 0)) / unit) cut_off();

    SplatSet splats;
    splats.resize(std::size_t(vertex.count));
    std::vector<float> harmonics(splats.count * columns.rest.size());
    if (ascii) {
        Tokens tokens({reinterpret_cast<const char*>(body.data()), body.size()});
        for (std::uint64_t i = 0; i < skipped; ++i) tokens.next();
        std::vector<double> record(vertex.properties.size());
        for (std::size_t n = 0; n < splats.count; ++n) {
            for (double& value : record) value = tokens.next();
            put(
                columns, [&](std::size_t column) { return record[column]; }, n, splats, harmonics);
        }
    } else {
        const bool swap =
            (header.encoding == ply::Encoding::big_endian) == (std::endian::native == std::endian::little);
        const std::uint8_t* record = body.data();
        const auto value = [&](std::size_t column) {
            const ply::Property& property = vertex.properties[column];
            return number(property.type, record + property.offset, swap);
        };
        for (std::size_t n = 0; n < splats.count; ++n, record += vertex.record_bytes)
            put(columns, value, n, splats, harmonics);
    }
    if (columns.degree > 0)
        splats.harmonics = std::make_shared<const Harmonics>(Harmonics{columns.degree, std::move(harmonics)});
    splats = splats_of_stored(std::move(splats), notes);
    turn_upright(bytes, header, splats, notes);
    return splats;
}

SplatSet read(std::span<const std::uint8_t> bytes, Notes& notes) {
    const ply::Header header = ply::parse_header(bytes);
    SplatSet splats =
        ply::is_packed(header) ? ply::read_packed(bytes, header, notes) : read_standard(bytes, header, notes);
    if (splats.count == 0) throw BadPly{"holds only Gaussians that are no numbers; export it again.", ""};
    return splats;
}

}  // namespace

Result<SplatSet> load_splat_ply_from_memory(std::span<const std::uint8_t> bytes, const std::string& name,
                                            Notes* notes) {
    Notes said;
    try {
        return read(bytes, notes ? *notes : said);
    } catch (const BadPly& bad) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + bad.reason, bad.detail};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "splat PLY"};
    }
}

Result<SplatSet> load_splat_ply(const std::filesystem::path& path, Notes* notes) {
    const Result<std::vector<std::uint8_t>> bytes = read_file(path, max_file_bytes);
    if (!bytes) return bytes.error();
    return load_splat_ply_from_memory(*bytes, path.string(), notes);
}

Status save_splat_ply(const std::filesystem::path& path, const SplatSet& splats, bool pad_sh3) {
    const std::size_t n = splats.count;
    if (splats.means.size() != 3 * n || splats.scales.size() != 3 * n || splats.rotations.size() != 4 * n ||
        splats.colors.size() != 3 * n || splats.opacities.size() != n)
        return Error{ErrorCode::invalid_argument, "The splats for '" + path.string() + "' are incomplete.",
                     "array sizes"};
    // What load_splat_ply would leave out, or refuse.
    const std::vector<float> none;
    for (const auto* values : {&splats.means, &splats.scales, &splats.rotations, &splats.colors, &splats.opacities,
                               splats.harmonics ? &splats.harmonics->values : &none})
        if (!std::all_of(values->begin(), values->end(), [](float x) { return std::isfinite(x); }))
            return Error{ErrorCode::internal,
                         "The splats have a number that is not finite, so '" + path.string() + "' was not written.",
                         ""};
    const std::size_t functions = splats.harmonics ? std::size_t(harmonic_count(splats.harmonics->degree)) : 0;
    if (splats.harmonics && splats.harmonics->values.size() != 3 * n * functions)
        return Error{ErrorCode::invalid_argument, "The splats for '" + path.string() + "' are incomplete.",
                     "harmonics"};
    const std::size_t columns = pad_sh3 ? std::size_t(most_harmonics) : functions;  // a channel
    const std::size_t rest = 3 * columns;
    std::string header = "ply\nformat binary_little_endian 1.0\nelement vertex " + std::to_string(n) + "\n";
    const auto property = [&](const std::string& name) { header += "property float " + name + "\n"; };
    for (const char* name : {"x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"}) property(name);
    for (std::size_t i = 0; i < rest; ++i) property("f_rest_" + std::to_string(i));
    for (const char* name : {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
        property(name);
    header += "end_header\n";

    const std::size_t stride = 17 + rest;
    std::vector<std::uint8_t> file;
    try {
        file.resize(header.size() + n * stride * sizeof(float));
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to write '" + path.string() + "'.", ""};
    }
    std::memcpy(file.data(), header.data(), header.size());
    std::vector<float> record(stride, 0.0f);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t tail = 9 + rest;
        const float opacity = std::clamp(splats.opacities[i], 1e-7f, 1.0f - 1e-7f);
        record[tail] = std::log(opacity) - std::log1p(-opacity);
        for (std::size_t c = 0; c < 3; ++c) {
            record[c] = splats.means[3 * i + c];
            record[6 + c] = (splats.colors[3 * i + c] - 0.5f) / sh_c0;
            record[tail + 1 + c] = std::log(std::max(splats.scales[3 * i + c], 1e-9f));
        }
        for (std::size_t c = 0; c < 4; ++c) record[tail + 4 + c] = splats.rotations[4 * i + c];
        for (std::size_t k = 0; k < functions; ++k)
            for (std::size_t c = 0; c < 3; ++c)
                record[9 + c * columns + k] = splats.harmonics->values[(i * functions + k) * 3 + c];
        std::memcpy(file.data() + header.size() + i * stride * sizeof(float), record.data(), stride * sizeof(float));
    }
    return save_file(path, file);
}

}  // namespace likeness
