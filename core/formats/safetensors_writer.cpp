#include <Eigen/Core>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/formats/safetensors.h"
#include "core/image/file_bytes.h"

namespace likeness {

void SafetensorsWriter::add(const std::string& name, DType dtype, const Shape& shape,
                            std::span<const std::byte> bytes) {
    std::size_t size = dtype_size(dtype);
    for (const std::int64_t dimension : shape) {
        if (dimension < 0) throw std::invalid_argument("a tensor of negative size: " + name);
        if (dimension > 0 && size > bytes.size() / std::size_t(dimension) && size * bytes.size() != 0)
            throw std::invalid_argument("a tensor larger than its values: " + name);
        size *= std::size_t(dimension);
    }
    if (size != bytes.size()) throw std::invalid_argument("a shape that does not fit the values: " + name);
    if (name == "__metadata__") throw std::invalid_argument("a tensor named as the metadata");
    Entry entry{dtype, shape, {bytes.begin(), bytes.end()}};
    if (!tensors_.emplace(name, std::move(entry)).second) throw std::invalid_argument("a tensor added twice: " + name);
}

void SafetensorsWriter::add(const std::string& name, const Shape& shape, std::span<const float> values) {
    add(name, DType::f32, shape, std::as_bytes(values));
}
void SafetensorsWriter::add(const std::string& name, const Shape& shape, std::span<const std::int32_t> values) {
    add(name, DType::i32, shape, std::as_bytes(values));
}
void SafetensorsWriter::add(const std::string& name, const Shape& shape, std::span<const std::uint8_t> values) {
    add(name, DType::u8, shape, std::as_bytes(values));
}
void SafetensorsWriter::add_half(const std::string& name, const Shape& shape, std::span<const float> values) {
    std::vector<Eigen::half> halves(values.size());
    std::transform(values.begin(), values.end(), halves.begin(), [](float value) { return Eigen::half(value); });
    add(name, DType::f16, shape, std::as_bytes(std::span<const Eigen::half>(halves)));
}

std::vector<std::uint8_t> SafetensorsWriter::encode() const {
    // Large values first, so that each tensor begins at a multiple of its own value's size.
    std::vector<const std::pair<const std::string, Entry>*> order;
    for (const auto& item : tensors_) order.push_back(&item);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return dtype_size(a->second.dtype) > dtype_size(b->second.dtype);
    });
    nlohmann::json header = nlohmann::json::object();
    if (!metadata_.empty()) header["__metadata__"] = metadata_;
    std::size_t offset = 0;
    for (const auto* item : order) {
        const Entry& entry = item->second;
        header[item->first] = {{"dtype", dtype_name(entry.dtype)},
                               {"shape", entry.shape},
                               {"data_offsets", {offset, offset + entry.bytes.size()}}};
        offset += entry.bytes.size();
    }
    std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text.append((8 - text.size() % 8) % 8, ' ');
    const std::uint64_t size = text.size();
    std::vector<std::uint8_t> out;
    out.reserve(8 + text.size() + offset);
    const auto append = [&](const void* data, std::size_t bytes) {
        const auto* first = static_cast<const std::uint8_t*>(data);
        out.insert(out.end(), first, first + bytes);
    };
    append(&size, 8);
    append(text.data(), text.size());
    for (const auto* item : order) append(item->second.bytes.data(), item->second.bytes.size());
    return out;
}

Status SafetensorsWriter::save(const std::filesystem::path& path) const { return save_file(path, encode()); }

}  // namespace likeness
