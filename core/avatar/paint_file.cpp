// Paint in .likeness files: paint.json has the layers, paint/N.safetensors the tiles of layer N and of its mask.
#include "core/avatar/paint_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/formats/json_file.h"
#include "core/formats/safetensors.h"
#include "core/image/save.h"

namespace likeness {
namespace {

using nlohmann::json;

constexpr std::size_t most_layers = 1000;
// Of all layers and masks together: 1 GiB in memory.
constexpr std::size_t most_tiles = std::size_t(1) << 16;
constexpr std::size_t tile_bytes = sizeof(PaintTile);
constexpr std::int64_t key_bytes = 5;

float finite(const json& value) {
    const float number = value.get<float>();
    if (!std::isfinite(number)) throw json::other_error::create(501, "a number that is not finite", nullptr);
    return number;
}

void write_texels(SafetensorsWriter& file, const std::string& name, const PaintTexels& texels) {
    std::vector<std::uint8_t> keys, values;
    texels.each_tile([&](const PaintTileKey& key, const std::shared_ptr<const PaintTile>& tile) {
        for (const int part : {key.block & 255, key.block >> 8, key.level, key.x, key.y})
            keys.push_back(std::uint8_t(part));
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(tile->texels.data());
        values.insert(values.end(), bytes, bytes + tile_bytes);
    });
    const auto count = std::int64_t(texels.tile_count());
    file.add(name + "_keys", {count, key_bytes}, std::span<const std::uint8_t>(keys));
    file.add(name, {count, paint_tile_side, paint_tile_side, 4}, std::span<const std::uint8_t>(values));
}

// `tiles` counts those of the whole file.
Result<std::shared_ptr<const PaintTexels>> read_texels_of(const PartReader& file, const Safetensors& read,
                                                          const std::string& name, std::size_t& tiles) {
    if (!read.contains(name)) return std::shared_ptr<const PaintTexels>();
    const auto keys = read.bytes(name + "_keys", {-1, key_bytes});
    if (!keys) return keys.error();
    const std::size_t count = keys->size() / std::size_t(key_bytes);
    if (count > most_tiles - tiles) return file.damaged("more paint than there can be");
    tiles += count;
    const auto values = read.bytes(name, {std::int64_t(count), paint_tile_side, paint_tile_side, 4});
    if (!values) return values.error();
    auto texels = std::make_shared<PaintTexels>();
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* const k = keys->data() + i * std::size_t(key_bytes);
        const PaintTileKey key{k[0] + 256 * k[1], k[2], k[3], k[4]};
        const bool inside = key.block < paint_block_count && key.level <= most_paint_level &&
                            key.x < (1 << key.level) && key.y < (1 << key.level);
        const int level = inside ? texels->level(key.block) : -1;
        if (!inside || (level >= 0 && level != key.level)) return file.damaged("a tile of paint that is nowhere");
        auto tile = std::make_shared<PaintTile>();
        std::copy_n(values->data() + i * tile_bytes, tile_bytes, reinterpret_cast<std::uint8_t*>(tile->texels.data()));
        texels->set_tile(key, std::move(tile));
    }
    return std::shared_ptr<const PaintTexels>(std::move(texels));
}

json sticker_to_json(const Sticker& sticker, const std::string& picture) {
    json warp = json::array();
    for (const Eigen::Vector2f& w : sticker.warp) warp.push_back({w.x(), w.y()});
    return {{"picture", picture},     {"file", sticker.file},
            {"text", sticker.text},   {"font", sticker.font},
            {"width", sticker.width}, {"atlas", {sticker.atlas.x(), sticker.atlas.y()}},
            {"angle", sticker.angle}, {"stretch", sticker.stretch},
            {"pair", sticker.pair},   {"projected", sticker.projected},
            {"warp", std::move(warp)}};
}

Result<std::shared_ptr<const Sticker>> read_sticker(const PartReader& file, const json& from) {
    constexpr int largest_picture = 8192;
    auto picture = file.picture(from.at("picture").get<std::string>(), largest_picture);
    if (!picture) return picture.error();
    auto sticker = std::make_shared<Sticker>();
    sticker->picture = std::make_shared<const Image>(*std::move(picture));
    sticker->file = from.at("file").get<std::string>();
    sticker->text = from.at("text").get<std::string>();
    sticker->font = from.at("font").get<std::string>();
    // As large as programs make them: handles and texels are asked of any.
    sticker->width = std::clamp(finite(from.at("width")), 1e-3f, 0.4f);
    sticker->atlas = {finite(from.at("atlas").at(0)), finite(from.at("atlas").at(1))};
    sticker->angle = finite(from.at("angle"));
    sticker->stretch = std::clamp(finite(from.at("stretch")), 1e-2f, 1e2f);
    sticker->pair = from.at("pair").get<bool>();
    sticker->projected = from.at("projected").get<bool>();
    for (std::size_t i = 0; i < sticker->warp.size(); ++i)
        sticker->warp[i] = {finite(from.at("warp").at(i).at(0)), finite(from.at("warp").at(i).at(1))};
    return std::shared_ptr<const Sticker>(std::move(sticker));
}

json make_up_to_json(const MakeUp& make_up) {
    return {{"kind", make_up.kind}, {"color", make_up.color}, {"amount", make_up.amount}};
}

std::shared_ptr<const MakeUp> read_make_up(const json& from) {
    auto make_up = std::make_shared<MakeUp>();
    make_up->kind = from.at("kind").get<std::string>();
    for (std::size_t c = 0; c < 3; ++c) make_up->color[c] = finite(from.at("color").at(c));
    for (const auto& [name, value] : from.at("amount").items()) make_up->amount[name] = finite(value);
    return make_up;
}

PaintBlend blend_named(const std::string& name) {
    const auto found = std::find(paint_blend_names.begin(), paint_blend_names.end(), name);
    if (found == paint_blend_names.end())
        throw json::other_error::create(501, "a blend mode of a newer version", nullptr);
    return PaintBlend(found - paint_blend_names.begin());
}

}  // namespace

Status read_paint(const PartReader& file, Avatar& avatar) {
    if (!file.contains("paint.json")) return {};
    const auto read = file.json("paint.json");
    if (!read) return read.error();
    const json& layers = read->at("layers");
    if (layers.size() > most_layers) return file.damaged("more layers of paint than there can be");
    PaintStack stack;
    std::size_t tiles = 0;
    std::set<int> ids;
    for (const json& from : layers) {
        PaintLayer layer;
        layer.id = from.at("id").get<int>();
        layer.group = from.at("group").get<int>();
        layer.is_group = from.at("is_group").get<bool>();
        if (layer.id <= 0 || !ids.insert(layer.id).second) return file.damaged("two layers of paint with one number");
        layer.name = from.at("name").get<std::string>();
        layer.visible = from.at("visible").get<bool>();
        layer.opacity = std::clamp(finite(from.at("opacity")), 0.0f, 1.0f);
        layer.blend = blend_named(from.at("blend").get<std::string>());
        layer.region = from.at("region").get<std::string>();
        layer.relief = std::clamp(finite(from.at("relief")), -most_relief, most_relief);
        layer.erase = std::clamp(finite(from.at("erase")), 0.0f, 1.0f);
        if (const auto texels = from.find("texels"); texels != from.end()) {
            const auto tensors = file.tensors(texels->get<std::string>());
            if (!tensors) return tensors.error();
            auto color = read_texels_of(file, *tensors, "tiles", tiles);
            if (!color) return color.error();
            layer.texels = *std::move(color);
            auto mask = read_texels_of(file, *tensors, "mask", tiles);
            if (!mask) return mask.error();
            layer.mask = *std::move(mask);
        }
        if (const auto sticker = from.find("sticker"); sticker != from.end()) {
            auto of = read_sticker(file, *sticker);
            if (!of) return of.error();
            layer.sticker = *std::move(of);
        }
        if (const auto make_up = from.find("make_up"); make_up != from.end()) layer.make_up = read_make_up(*make_up);
        stack.layers.push_back(std::move(layer));
    }
    avatar.paint = std::move(stack);
    return {};
}

bool write_paint(const Avatar& avatar, ZipWriter& zip) {
    if (avatar.paint->layers.empty()) return false;
    json layers = json::array();
    for (const PaintLayer& layer : avatar.paint->layers) {
        json entry = {{"id", layer.id},
                      {"group", layer.group},
                      {"is_group", layer.is_group},
                      {"name", layer.name},
                      {"visible", layer.visible},
                      {"opacity", layer.opacity},
                      {"region", layer.region},
                      {"blend", paint_blend_names[std::size_t(layer.blend)]},
                      {"relief", layer.relief},
                      {"erase", layer.erase}};
        const std::string name = "paint/" + std::to_string(layer.id);
        if (layer.texels || layer.mask) {
            SafetensorsWriter texels;
            if (layer.texels) write_texels(texels, "tiles", *layer.texels);
            if (layer.mask) write_texels(texels, "mask", *layer.mask);
            entry["texels"] = name + ".safetensors";
            zip.add(name + ".safetensors", texels.encode());
        }
        if (layer.sticker) {
            zip.add(name + ".png", encode_png(*layer.sticker->picture), ZipWriter::Method::stored);
            entry["sticker"] = sticker_to_json(*layer.sticker, name + ".png");
        }
        if (layer.make_up) entry["make_up"] = make_up_to_json(*layer.make_up);
        layers.push_back(std::move(entry));
    }
    zip.add("paint.json", json_text({{"layers", layers}}));
    return true;
}

}  // namespace likeness
