#include "core/networks/network.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>

namespace likeness {

namespace {

std::size_t product(std::span<const int> dimensions) {
    return std::accumulate(dimensions.begin(), dimensions.end(), std::size_t(1),
                           [](std::size_t all, int extent) { return all * std::size_t(std::max(extent, 0)); });
}

}  // namespace

std::size_t TensorShape::size() const { return product(dimensions); }
std::size_t TensorView::size() const { return product(dimensions); }

std::string version_of(std::span<const std::uint8_t> bytes) {
    std::uint64_t hash = 14695981039346656037ull ^ bytes.size();  // FNV-1a, by words of eight bytes
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
        hash = (hash ^ word) * 1099511628211ull;
        hash ^= hash >> 32;
    }
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

std::string to_text(std::span<const int> dimensions) {
    std::string text;
    for (const int extent : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text.empty() ? "one number" : text;
}

Status check_views(const std::string& network, std::span<const TensorView> views,
                   std::span<const TensorShape> declared) {
    const auto wrong = [&](const std::string& what) -> Status {
        return Error{ErrorCode::invalid_argument, "The network '" + network + "' " + what, ""};
    };
    if (views.size() != declared.size())
        return wrong("was given " + std::to_string(views.size()) + " tensors where it has " +
                     std::to_string(declared.size()) + ".");
    for (std::size_t i = 0; i < views.size(); ++i) {
        if (views[i].name != declared[i].name)
            return wrong("has '" + declared[i].name + "' where '" + views[i].name + "' was given.");
        if (!views[i].data || views[i].size() == 0) return wrong("was given nothing for '" + views[i].name + "'.");
        if (!declared[i].dimensions.empty() && views[i].dimensions != declared[i].dimensions)
            return wrong("needs " + to_text(declared[i].dimensions) + " as '" + views[i].name + "', not " +
                         to_text(views[i].dimensions) + ".");
    }
    return {};
}

Result<std::vector<std::uint8_t>> read_bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    const std::streamoff size = stream ? std::streamoff(stream.tellg()) : -1;
    std::vector<std::uint8_t> bytes(size > 0 ? std::size_t(size) : 0);
    if (size >= 0) stream.seekg(0).read(reinterpret_cast<char*>(bytes.data()), size);
    if (size < 0 || !stream)
        return Error{ErrorCode::io, "Cannot read '" + file.string() + "'; check that it exists and may be read.", ""};
    return bytes;
}

}  // namespace likeness
