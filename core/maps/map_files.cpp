#include "core/maps/map_files.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/base/output_file.h"
#include "core/base/parallel.h"
#include "core/formats/exr.h"
#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

std::string channel_name(std::size_t map, std::size_t channel) {
    if (map == albedo_map) return std::string(1, "RGB"[channel]);
    const MapAttribute& about = map_attributes[map];
    return std::string(about.name) + "." + (about.channels == 1 ? "Y" : std::string(1, "XYZ"[channel]));
}

std::vector<std::string> all_channel_names() {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < map_attributes.size(); ++k)
        for (std::size_t c = 0; c < map_attributes[k].channels; ++c) names.push_back(channel_name(k, c));
    return names;
}

// The texel that a pixel of the picture is.
std::size_t texel_at(const TextureMaps& maps, int x, int y) {
    const int square = x / maps.side;
    return (std::size_t(square) * std::size_t(maps.side) + std::size_t(y)) * std::size_t(maps.side) +
           std::size_t(x % maps.side);
}

// Calls visit(texel, pixel) for all of them.
template <class Visit>
void each_texel(const TextureMaps& maps, const Visit& visit) {
    const int width = maps.squares * maps.side;
    parallel_for(std::size_t(maps.side), 16, [&](std::size_t begin, std::size_t end) {
        for (std::size_t y = begin; y < end; ++y)
            for (int x = 0; x < width; ++x)
                visit(texel_at(maps, x, int(y)), y * std::size_t(width) + std::size_t(x));
    });
}

Eigen::half in_light(Eigen::half encoded) { return Eigen::half(srgb_to_linear(float(encoded))); }

Result<std::size_t> picture_map(const std::string& name) {
    if (name == picture_maps[0]) return albedo_map;
    if (name == picture_maps[1]) return normal_map;
    return Error{ErrorCode::invalid_argument, "A picture can hold the map 'albedo' or 'normal', not '" + name + "'.", ""};
}

std::string ending_of(const fs::path& file) {
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return ending;
}

Status check_size(const TextureMaps& maps, int width, int height, const fs::path& file) {
    if (width == maps.squares * maps.side && height == maps.side) return {};
    const auto size = [](int w, int h) { return std::to_string(w) + " x " + std::to_string(h); };
    return Error{ErrorCode::bad_input,
                 "'" + file.string() + "' has " + size(width, height) + " pixels; this avatar's maps have " +
                     size(maps.squares * maps.side, maps.side) + ", as an export makes them.",
                 ""};
}

Status export_exr(const TextureMaps& maps, const fs::path& file) {
    ExrPicture picture{maps.squares * maps.side, maps.side, {}};
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        const std::size_t channels = map_attributes[k].channels;
        for (std::size_t c = 0; c < channels; ++c) {
            std::vector<Eigen::half>& values = picture.channels[channel_name(k, c)];
            values.resize(maps.texel_count());
            const MapTexels& texels = *maps.texels[k];
            each_texel(maps, [&](std::size_t texel, std::size_t pixel) {
                const Eigen::half value = texels[texel * channels + c];
                values[pixel] = k == albedo_map ? in_light(value) : value;
            });
        }
    }
    const auto bytes = encode_exr(picture);
    if (!bytes) return bytes.error();
    auto output = OutputFile::create(file);
    if (!output) return output.error();
    if (Status written = output->write(*bytes); !written) return written;
    return output->commit();
}

float to_picture(std::size_t map, float value) { return map == normal_map ? 0.5f + 0.5f * value : value; }
float from_picture(std::size_t map, float value) { return map == normal_map ? 2 * value - 1 : value; }

Result<TextureMaps> import_exr(const TextureMaps& maps, const fs::path& file) {
    const auto picture = load_exr(file, all_channel_names());
    if (!picture) return picture.error();
    if (Status fits = check_size(maps, picture->width, picture->height, file); !fits) return fits.error();
    TextureMaps changed = maps;
    bool any = false;
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        const std::size_t channels = map_attributes[k].channels;
        std::vector<const std::vector<Eigen::half>*> values;
        for (std::size_t c = 0; c < channels; ++c)
            if (const auto found = picture->channels.find(channel_name(k, c)); found != picture->channels.end())
                values.push_back(&found->second);
        if (values.size() != channels) continue;
        any = true;
        const MapTexels& before = *maps.texels[k];
        auto texels = std::make_shared<MapTexels>(before);
        each_texel(maps, [&](std::size_t texel, std::size_t pixel) {
            for (std::size_t c = 0; c < channels; ++c) {
                Eigen::half& to = (*texels)[texel * channels + c];
                const Eigen::half from = (*values[c])[pixel];
                if (k != albedo_map)
                    to = from;
                else if (in_light(to) != from)
                    to = Eigen::half(std::clamp(linear_to_srgb(std::max(float(from), 0.0f)), 0.0f, 1.0f));
            }
        });
        if (*texels != before) changed.texels[k] = std::move(texels);
    }
    if (any) return changed;
    return Error{ErrorCode::bad_input,
                 "'" + file.string() + "' has none of the maps; their channels are called R, G, B, opacity.Y, scale.X, ... "
                 "as an export names them.",
                 ""};
}

Result<TextureMaps> import_picture(const TextureMaps& maps, const fs::path& file, std::size_t map) {
    // A larger one comes reduced to another size than the maps', and is refused.
    const auto loaded = load_picture(file, {.max_side = 2 * map_sides.back() + 1});
    if (!loaded) return loaded.error();
    const Image& picture = loaded->image;
    if (Status fits = check_size(maps, loaded->original_width, loaded->original_height, file); !fits) return fits.error();
    const float steps = loaded->bit_depth > 8 ? 65535.0f : 255.0f;
    const auto channels = std::size_t(picture.channels);
    const MapTexels& before = *maps.texels[map];
    auto texels = std::make_shared<MapTexels>(before);
    each_texel(maps, [&](std::size_t texel, std::size_t pixel) {
        const float* const from = picture.pixels.data() + pixel * channels;
        const float alpha = channels == 4 ? from[3] : 1.0f;
        for (std::size_t c = 0; c < 3; ++c) {
            Eigen::half& to = (*texels)[texel * 3 + c];
            const float was = std::clamp(to_picture(map, float(to)), 0.0f, 1.0f);
            if (alpha <= 0 || std::round(was * steps) == std::round(from[c] * steps)) continue;
            to = Eigen::half(from_picture(map, was + alpha * (from[c] - was)));
        }
    });
    TextureMaps changed = maps;
    if (*texels != before) changed.texels[map] = std::move(texels);
    return changed;
}

}  // namespace

Status export_maps(const TextureMaps& maps, const fs::path& file, const std::string& map) {
    const std::string ending = ending_of(file);
    if (ending == ".exr") return export_exr(maps, file);
    if (ending != ".png")
        return Error{ErrorCode::invalid_argument,
                     "Maps are written as .exr (all of them) or .png (albedo or normal), not as '" +
                         file.filename().string() + "'.",
                     ""};
    const auto which = picture_map(map);
    if (!which) return which.error();
    Image picture(maps.squares * maps.side, maps.side, 3);
    const MapTexels& texels = *maps.texels[*which];
    each_texel(maps, [&](std::size_t texel, std::size_t pixel) {
        for (std::size_t c = 0; c < 3; ++c)
            picture.pixels[pixel * 3 + c] = to_picture(*which, float(texels[texel * 3 + c]));
    });
    return save_png(file, picture);
}

Result<TextureMaps> import_maps(const TextureMaps& maps, const fs::path& file, const std::string& map) {
    if (ending_of(file) == ".exr") return import_exr(maps, file);
    const auto which = picture_map(map);
    if (!which) return which.error();
    return import_picture(maps, file, *which);
}

}  // namespace likeness
