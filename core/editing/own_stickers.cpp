#include "core/editing/own_stickers.h"

#include <algorithm>
#include <array>

#include "core/base/paths.h"

namespace likeness {

std::span<const OwnSticker> own_stickers() {
    static constexpr std::array<OwnSticker, 15> stickers = {{
        {"heart", "Heart", "left_cheek", 0.022f, false},
        {"star", "Star", "right_cheek", 0.024f, false},
        {"flower", "Flower", "left_cheek", 0.030f, false},
        {"butterfly", "Butterfly", "left_cheek", 0.040f, false},
        {"lightning", "Lightning", "forehead", 0.032f, false},
        {"gems", "Gems", "left_cheek", 0.036f, true},
        {"glitter", "Glitter", "left_cheek", 0.040f, true},
        {"tears", "Tears", "left_cheek", 0.016f, false},
        {"plaster", "Plaster", "right_cheek", 0.040f, false},
        {"moustache", "Moustache", "upper_lip", 0.075f, false},
        {"whiskers", "Whiskers", "left_cheek", 0.050f, true},
        {"paw", "Paw", "right_cheek", 0.026f, false},
        {"stripes", "Stripes", "left_cheek", 0.040f, true},
        {"swallow", "Swallow", "neck", 0.045f, false},
        {"tribal", "Tribal band", "forehead", 0.090f, false},
    }};
    return stickers;
}

std::vector<std::string> own_sticker_names() {
    std::vector<std::string> names;
    for (const OwnSticker& sticker : own_stickers()) names.emplace_back(sticker.name);
    return names;
}

const OwnSticker* own_sticker(std::string_view name) {
    const auto all = own_stickers();
    const auto found = std::ranges::find_if(all, [&](const OwnSticker& sticker) { return sticker.name == name; });
    return found == all.end() ? nullptr : &*found;
}

Result<std::filesystem::path> own_sticker_file(const OwnSticker& sticker) {
    return find_asset("stickers/" + std::string(sticker.name) + ".svg");
}

}  // namespace likeness
