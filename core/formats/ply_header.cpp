#include "core/formats/ply_header.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace likeness::ply {
namespace {

constexpr std::size_t max_header_bytes = 256 << 10;
constexpr std::size_t max_properties = 1024;  // SH degree 3 takes 62
constexpr std::size_t max_elements = 64;

[[noreturn]] void damaged(const std::string& detail) {
    throw BadPly{"has a damaged PLY header; export it again.", detail};
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

Type type_of(std::string_view name) {
    constexpr std::pair<std::string_view, Type> names[] = {
        {"char", Type::i8},   {"int8", Type::i8},     {"uchar", Type::u8},   {"uint8", Type::u8},
        {"short", Type::i16}, {"int16", Type::i16},   {"ushort", Type::u16}, {"uint16", Type::u16},
        {"int", Type::i32},   {"int32", Type::i32},   {"uint", Type::u32},   {"uint32", Type::u32},
        {"float", Type::f32}, {"float32", Type::f32}, {"double", Type::f64}, {"float64", Type::f64}};
    for (const auto& [known, type] : names)
        if (known == name) return type;
    damaged("unknown type");
}

}  // namespace

std::size_t size_of(Type type) {
    constexpr std::size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 8};
    return sizes[static_cast<std::size_t>(type)];
}

int Element::find(std::string_view property) const {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const Property& candidate) { return candidate.name == property; });
    return found == properties.end() ? -1 : static_cast<int>(std::distance(properties.begin(), found));
}

Header parse_header(std::span<const std::uint8_t> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), max_header_bytes));
    Header header;
    std::size_t at = 0;
    bool first = true, has_format = false;
    while (true) {
        const std::size_t end = text.find('\n', at);
        if (first && !text.starts_with("ply"))
            throw BadPly{"is not a PLY file; choose a 3D Gaussian Splatting PLY.", ""};
        if (end == std::string_view::npos) damaged("no end_header");
        const std::vector<std::string_view> words = words_of(text.substr(at, end - at));
        at = end + 1;
        if (first) {
            if (words.size() != 1 || words[0] != "ply")
                throw BadPly{"is not a PLY file; choose a 3D Gaussian Splatting PLY.", "first line"};
            first = false;
            continue;
        }
        if (words.empty() || words[0] == "comment" || words[0] == "obj_info") continue;
        if (words[0] == "end_header") break;
        if (words[0] == "format" && words.size() == 3) {
            has_format = true;
            if (words[1] == "ascii")
                header.encoding = Encoding::ascii;
            else if (words[1] == "binary_little_endian")
                header.encoding = Encoding::little_endian;
            else if (words[1] == "binary_big_endian")
                header.encoding = Encoding::big_endian;
            else
                damaged("unknown encoding");
        } else if (words[0] == "element" && words.size() == 3) {
            Element element;
            element.name = words[1];
            const auto [stop, code] = std::from_chars(words[2].begin(), words[2].end(), element.count);
            if (code != std::errc() || stop != words[2].end()) damaged("element count");
            if (header.elements.size() >= max_elements) damaged("too many elements");
            header.elements.push_back(std::move(element));
        } else if (words[0] == "property" && !header.elements.empty() &&
                   (words.size() == 3 || (words.size() == 5 && words[1] == "list"))) {
            Element& element = header.elements.back();
            Property property;
            property.list = words.size() == 5;
            property.name = words.back();
            property.type = type_of(words[words.size() - 2]);
            if (property.list) type_of(words[2]);
            property.offset = element.record_bytes;
            if (element.find(property.name) >= 0) damaged("a property twice");
            if (element.properties.size() >= max_properties) damaged("too many properties");
            element.has_list = element.has_list || property.list;
            element.record_bytes += size_of(property.type);
            element.properties.push_back(std::move(property));
        } else {
            damaged("unknown line");
        }
    }
    if (!has_format) damaged("no format");
    header.data = at;
    return header;
}

}  // namespace likeness::ply
