#include "core/formats/safetensors.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "core/formats/json_file.h"
#include "core/image/file_bytes.h"

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

namespace likeness {
namespace {

struct TypeInfo {
    DType dtype;
    const char* name;
    std::size_t size;
};
constexpr std::array<TypeInfo, 13> types = {{{DType::boolean, "BOOL", 1},
                                             {DType::u8, "U8", 1},
                                             {DType::i8, "I8", 1},
                                             {DType::u16, "U16", 2},
                                             {DType::i16, "I16", 2},
                                             {DType::f16, "F16", 2},
                                             {DType::bf16, "BF16", 2},
                                             {DType::u32, "U32", 4},
                                             {DType::i32, "I32", 4},
                                             {DType::f32, "F32", 4},
                                             {DType::u64, "U64", 8},
                                             {DType::i64, "I64", 8},
                                             {DType::f64, "F64", 8}}};

constexpr std::size_t max_file_bytes = std::size_t(8) << 30;
constexpr std::size_t max_header_bytes = std::size_t(16) << 20;
constexpr std::size_t max_dimensions = 16;

const TypeInfo& type_of(DType dtype) {
    return *std::find_if(types.begin(), types.end(), [&](const TypeInfo& type) { return type.dtype == dtype; });
}

// The bytes that a shape takes; nothing when they do not fit 63 bits.
std::optional<std::uint64_t> bytes_of(const Shape& shape, std::size_t value_size) {
    std::uint64_t bytes = value_size;
    for (const std::int64_t size : shape) {
        if (size < 0) return std::nullopt;
        if (size > 0 && bytes > std::uint64_t(std::numeric_limits<std::int64_t>::max()) / std::uint64_t(size))
            return std::nullopt;
        bytes *= std::uint64_t(size);
    }
    return bytes;
}

std::string text_of(const Shape& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
    return text + "]";
}

// Thrown while the header is read: the rest of a sentence that begins with the file's name.
struct BadHeader {
    std::string reason;
};

std::uint64_t unsigned_of(const nlohmann::json& value, const std::string& tensor) {
    if (!value.is_number_unsigned()) throw BadHeader{"describes '" + tensor + "' with a wrong number"};
    return value.get<std::uint64_t>();
}

template <class From, class To>
void convert(std::span<const std::byte> bytes, std::vector<To>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        From value;
        std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
        values[i] = static_cast<To>(value);
    }
}

// False when a value does not fit.
template <class From>
bool narrow(std::span<const std::byte> bytes, std::vector<std::int32_t>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        From value;
        std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
        if (!std::in_range<std::int32_t>(value)) return false;
        values[i] = static_cast<std::int32_t>(value);
    }
    return true;
}

Error no_memory(const std::string& file) {
    return {ErrorCode::out_of_memory, "There is not enough memory to read '" + file + "'.", "safetensors"};
}

}  // namespace

std::size_t dtype_size(DType dtype) { return type_of(dtype).size; }
const char* dtype_name(DType dtype) { return type_of(dtype).name; }

Result<Safetensors> Safetensors::load(const std::filesystem::path& path) {
    Result<std::vector<std::uint8_t>> bytes = read_file(path, max_file_bytes);
    if (!bytes) return bytes.error();
    return load(std::move(*bytes), path.string());
}

Result<Safetensors> Safetensors::load(std::vector<std::uint8_t> bytes, const std::string& name) {
    Safetensors file;
    file.name_ = name;
    file.file_ = std::move(bytes);
    try {
        std::uint64_t header_size = 0;
        if (file.file_.size() < 8) throw BadHeader{"is too short for a safetensors file"};
        std::memcpy(&header_size, file.file_.data(), 8);
        if (header_size > max_header_bytes) throw BadHeader{"is not a safetensors file"};
        if (header_size > file.file_.size() - 8) throw BadHeader{"is cut off"};
        file.data_ = 8 + static_cast<std::size_t>(header_size);
        const std::size_t data_size = file.file_.size() - file.data_;

        JsonLimits limits;
        limits.max_depth = 8;
        limits.max_bytes = max_header_bytes;
        limits.max_values = 2'000'000;
        const Result<nlohmann::json> header =
            parse_json({reinterpret_cast<const char*>(file.file_.data() + 8), static_cast<std::size_t>(header_size)},
                       name, limits);
        if (!header) return header.error();
        if (!header->is_object()) throw BadHeader{"is not a safetensors file"};

        for (const auto& [tensor, value] : header->items()) {
            if (!value.is_object()) throw BadHeader{"describes '" + tensor + "' wrongly"};
            if (tensor == "__metadata__") {
                for (const auto& [key, text] : value.items()) {
                    if (!text.is_string()) throw BadHeader{"has metadata that are not text"};
                    file.metadata_[key] = text.get<std::string>();
                }
                continue;
            }
            const auto dtype = value.find("dtype"), shape = value.find("shape"), range = value.find("data_offsets");
            if (dtype == value.end() || !dtype->is_string() || shape == value.end() || !shape->is_array() ||
                range == value.end() || !range->is_array() || range->size() != 2)
                throw BadHeader{"describes '" + tensor + "' incompletely"};
            const auto type = std::find_if(types.begin(), types.end(), [&](const TypeInfo& known) {
                return dtype->get<std::string>() == known.name;
            });
            if (type == types.end()) throw BadHeader{"stores '" + tensor + "' in a type that is not supported"};
            if (shape->size() > max_dimensions) throw BadHeader{"gives '" + tensor + "' too many dimensions"};
            Entry entry{type->dtype, {}, 0, 0};
            for (const nlohmann::json& size : *shape) {
                const std::uint64_t number = unsigned_of(size, tensor);
                if (number > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
                    throw BadHeader{"describes '" + tensor + "' with a wrong number"};
                entry.shape.push_back(static_cast<std::int64_t>(number));
            }
            const std::uint64_t begin = unsigned_of((*range)[0], tensor), end = unsigned_of((*range)[1], tensor);
            if (begin > end) throw BadHeader{"places '" + tensor + "' wrongly"};
            if (end > data_size) throw BadHeader{"is cut off inside '" + tensor + "'"};
            if (bytes_of(entry.shape, type->size) != end - begin)
                throw BadHeader{"gives '" + tensor + "' a shape that does not fit its data"};
            entry.begin = static_cast<std::size_t>(begin);
            entry.end = static_cast<std::size_t>(end);
            file.tensors_.emplace(tensor, std::move(entry));
        }

        // The format allows neither holes nor overlaps, so the ranges in order touch each other.
        std::vector<std::pair<std::size_t, std::size_t>> ranges;
        for (const auto& [tensor, entry] : file.tensors_) ranges.emplace_back(entry.begin, entry.end);
        std::sort(ranges.begin(), ranges.end());
        std::size_t covered = 0;
        for (const auto& [begin, end] : ranges) {
            if (begin != covered) throw BadHeader{"has tensors that overlap or leave gaps"};
            covered = end;
        }
        if (covered != data_size) throw BadHeader{"holds data that belong to no tensor"};
        return file;
    } catch (const BadHeader& bad) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + bad.reason + "; get the file again.", "safetensors"};
    } catch (const std::bad_alloc&) {
        return no_memory(name);
    }
}

std::vector<std::string> Safetensors::names() const {
    std::vector<std::string> names;
    for (const auto& [tensor, entry] : tensors_) names.push_back(tensor);
    return names;
}

Result<TensorView> Safetensors::tensor(const std::string& tensor) const {
    const auto found = tensors_.find(tensor);
    if (found == tensors_.end())
        return Error{ErrorCode::bad_input,
                     "'" + name_ + "' lacks '" + tensor + "'; it belongs to another version or kind.", "safetensors"};
    const Entry& entry = found->second;
    return TensorView{entry.dtype, entry.shape,
                      std::as_bytes(std::span(file_)).subspan(data_ + entry.begin, entry.end - entry.begin)};
}

Result<TensorView> Safetensors::checked(const std::string& name, const Shape& expected) const {
    Result<TensorView> view = tensor(name);
    if (!view) return view;
    const bool fits = std::equal(view->shape.begin(), view->shape.end(), expected.begin(), expected.end(),
                                 [](std::int64_t size, std::int64_t wanted) { return wanted == -1 || size == wanted; });
    if (fits) return view;
    return Error{ErrorCode::bad_input,
                 "'" + name_ + "' has '" + name + "' in the shape " + text_of(view->shape) + " instead of " +
                     text_of(expected) + "; it belongs to another version or kind.",
                 "safetensors"};
}

Result<std::vector<float>> Safetensors::floats(const std::string& name, const Shape& expected) const {
    const Result<TensorView> view = checked(name, expected);
    if (!view) return view.error();
    try {
        std::vector<float> values(view->count());
        switch (view->dtype) {
            case DType::f32:
                if (!values.empty()) std::memcpy(values.data(), view->bytes.data(), view->bytes.size());
                return values;
            case DType::f64:
                convert<double>(view->bytes, values);
                return values;
            case DType::f16:
                convert<Eigen::half>(view->bytes, values);
                return values;
            case DType::bf16:
                convert<Eigen::bfloat16>(view->bytes, values);
                return values;
            default:
                return Error{ErrorCode::bad_input,
                             "'" + name_ + "' stores '" + name + "' as " + dtype_name(view->dtype) +
                                 " instead of floating-point numbers; it belongs to another version or kind.",
                             "safetensors"};
        }
    } catch (const std::bad_alloc&) {
        return no_memory(name_);
    }
}

Result<std::vector<std::int32_t>> Safetensors::ints(const std::string& name, const Shape& expected) const {
    const Result<TensorView> view = checked(name, expected);
    if (!view) return view.error();
    try {
        std::vector<std::int32_t> values(view->count());
        bool fits = false;
        switch (view->dtype) {
            case DType::boolean:
            case DType::u8:
                fits = narrow<std::uint8_t>(view->bytes, values);
                break;
            case DType::i8:
                fits = narrow<std::int8_t>(view->bytes, values);
                break;
            case DType::u16:
                fits = narrow<std::uint16_t>(view->bytes, values);
                break;
            case DType::i16:
                fits = narrow<std::int16_t>(view->bytes, values);
                break;
            case DType::u32:
                fits = narrow<std::uint32_t>(view->bytes, values);
                break;
            case DType::i32:
                fits = narrow<std::int32_t>(view->bytes, values);
                break;
            case DType::u64:
                fits = narrow<std::uint64_t>(view->bytes, values);
                break;
            case DType::i64:
                fits = narrow<std::int64_t>(view->bytes, values);
                break;
            default:
                break;
        }
        if (fits) return values;
        return Error{ErrorCode::bad_input,
                     "'" + name_ + "' stores '" + name + "' as " + dtype_name(view->dtype) +
                         " that are no 32-bit integers; it belongs to another version or kind.",
                     "safetensors"};
    } catch (const std::bad_alloc&) {
        return no_memory(name_);
    }
}

Result<std::vector<std::uint8_t>> Safetensors::bytes(const std::string& name, const Shape& expected) const {
    const Result<TensorView> view = checked(name, expected);
    if (!view) return view.error();
    if (view->dtype != DType::u8 && view->dtype != DType::boolean)
        return Error{ErrorCode::bad_input,
                     "'" + name_ + "' stores '" + name + "' as " + dtype_name(view->dtype) +
                         " instead of bytes; it belongs to another version or kind.",
                     "safetensors"};
    try {
        std::vector<std::uint8_t> values(view->count());
        if (!values.empty()) std::memcpy(values.data(), view->bytes.data(), values.size());
        return values;
    } catch (const std::bad_alloc&) {
        return no_memory(name_);
    }
}

}  // namespace likeness
