#include "core/networks/network.h"

#include <algorithm>
#include <numeric>

#include "core/base/hash.h"

namespace likeness {

namespace {

std::size_t product(std::span<const int> dimensions) {
    return std::accumulate(dimensions.begin(), dimensions.end(), std::size_t(1),
                           [](std::size_t all, int extent) { return all * std::size_t(std::max(extent, 0)); });
}

}  // namespace

std::size_t TensorShape::size() const { return product(dimensions); }
std::size_t NetworkBuffer::size() const { return product(dimensions); }

std::string version_of(std::span<const std::uint8_t> bytes) {
    ContentHash hash;
    const std::uint64_t size = bytes.size();
    hash.add(&size, sizeof size);
    hash.add(bytes.data(), bytes.size());
    return hash.text();
}

std::string to_text(std::span<const int> dimensions) {
    std::string text;
    for (const int extent : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text.empty() ? "one number" : text;
}

Status check_views(const std::string& network, std::span<const NetworkBuffer> views,
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

}  // namespace likeness
