// The part `paint` of an avatar's file, one of its entries changed: straight through its reader, behind the zip and the
// rest of the avatar. What is read is looked through, and what is written of it must be read again as it was.
//
// An input: a byte that chooses the entry, and the bytes in its place.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/avatar/paint_file.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/fuzz/mutate_header.h"

namespace {

using namespace likeness;
using Bytes = std::vector<std::uint8_t>;
using Entries = std::map<std::string, Bytes>;

struct Original {
    Avatar avatar = test::everything_avatar(7, 20);
    Entries entries;
    std::vector<std::string> names;

    Original() {
        entries = entries_of(avatar);
        for (const auto& entry : entries) names.push_back(entry.first);
        avatar.paint = PaintStack();
    }
    static Entries entries_of(const Avatar& avatar) {
        ZipWriter zip;
        Entries entries;
        if (!write_paint(avatar, zip)) return entries;
        auto bytes = zip.encode("fuzz");
        if (!bytes) std::abort();
        const auto read = ZipReader::open(*std::move(bytes), "fuzz");
        if (!read) std::abort();
        for (const std::string& name : read->names()) {
            auto entry = read->read(name);
            if (!entry) std::abort();
            entries[name] = *std::move(entry);
        }
        return entries;
    }
};
const Original& original() {
    static const Original made;
    return made;
}

Result<Avatar> read(const Entries& entries) {
    ZipWriter packed;
    for (const auto& [name, bytes] : entries) packed.add(name, bytes, ZipWriter::Method::stored);
    auto bytes = packed.encode("fuzz");
    if (!bytes) std::abort();
    const auto zip = ZipReader::open(*std::move(bytes), "fuzz");
    if (!zip) return zip.error();
    Avatar avatar = original().avatar;
    const PartReader reader(*zip, "fuzz", 2, true, nlohmann::json::object());
    try {
        if (Status done = read_paint(reader, avatar); !done) return done.error();
    } catch (const nlohmann::json::exception& wrong) {  // as load_avatar does
        return reader.damaged(wrong.what());
    }
    return avatar;
}

constexpr std::size_t chosen = 1;  // the byte that chooses

const std::string& entry_of(std::uint8_t first) { return original().names[first % original().names.size()]; }

// What anything that shows paint relies on.
void look_through(const PaintStack& stack) {
    for (const PaintLayer& layer : stack.layers) {
        if (layer.id <= 0 || !(layer.opacity >= 0 && layer.opacity <= 1)) std::abort();
        if (!(std::abs(layer.relief) <= most_relief) || !(layer.erase >= 0 && layer.erase <= 1)) std::abort();
        if (paint_layer(stack, layer.id) != &layer) std::abort();
        if (!std::isfinite(shown_opacity(stack, layer))) std::abort();  // ends: groups make no rings
        for (const auto& texels : {layer.texels, layer.mask}) {
            if (!texels) continue;
            texels->each_tile([&](const PaintTileKey& key, const auto& tile) {
                if (texels->tile(key) != tile || texels->level(key.block) != key.level) std::abort();
            });
            if (!texels->bilinear({0.3f, 0.1f}).allFinite()) std::abort();
        }
        if (layer.sticker && (!layer.sticker->picture || layer.sticker->picture->empty())) std::abort();
        if (layer.make_up)
            for (const auto& [name, amount] : layer.make_up->amount)
                if (!std::isfinite(amount)) std::abort();
    }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    if (size < chosen || seed % 16 == 0) {
        data[0] = std::uint8_t(seed >> 8);
        const Bytes& bytes = original().entries.at(entry_of(data[0]));
        size = chosen + std::min(bytes.size(), most - chosen);
        std::copy_n(bytes.begin(), size - chosen, data + chosen);
    }
    const bool tensors = entry_of(data[0]).ends_with(".safetensors");
    const auto mutate = tensors && seed / 16 % 4 != 0 ? mutate_header : LLVMFuzzerMutate;
    return chosen + mutate(data + chosen, size - chosen, most - chosen);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < chosen) return 0;
    Entries entries = original().entries;
    entries[entry_of(data[0])] = Bytes(data + chosen, data + size);
    const auto avatar = read(entries);
    if (!avatar) return 0;
    look_through(*avatar->paint);
    const Entries written = Original::entries_of(*avatar);
    const auto again = read(written);
    if (!written.empty() && (!again || Original::entries_of(*again) != written)) std::abort();
    return 0;
}
