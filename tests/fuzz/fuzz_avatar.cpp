// Small avatars' files with one entry changed before packing (behind the zip, whose checksums would refuse nearly every
// change), or with the packed bytes changed; what loads is looked at, and some of it is saved and loaded again.
//
// An input: a byte that chooses the file and whether its head is known, one that chooses the entry (behind the last
// one: the packed file), and the bytes in its place.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/avatar/avatar_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"
#include "tests/fuzz/mutate_header.h"

namespace {

using namespace likeness;
using Bytes = std::vector<std::uint8_t>;
using Entries = std::map<std::string, Bytes>;

template <class T>
T sure(Result<T> result) {
    if (!result) std::abort();
    return *std::move(result);
}

Bytes packed(const Entries& entries, ZipWriter::Method method) {
    ZipWriter zip;
    for (const auto& [name, bytes] : entries) zip.add(name, bytes, method);
    return sure(zip.encode("fuzz"));
}

Bytes text_bytes(const nlohmann::json& document) {
    const std::string text = document.dump();
    return {text.begin(), text.end()};
}

// As the first version wrote them: hair with the person, the source in the document, the identity's change in the
// studio's session, one expression of the person's own.
Entries as_first_version(Entries entries, const Avatar& avatar, float change) {
    auto document = nlohmann::json::parse(entries.at("avatar.json"));
    document["version"] = 1;
    document.erase("parts");
    document["source"] = nlohmann::json::parse(entries.at("source.json"));
    document["studio"] = {{"identity_change", {{avatar.model->identity_names[0], change}}}};
    SafetensorsWriter person;
    for (const char* entry : {"person.safetensors", "surface.safetensors"}) {
        const auto read = sure(Safetensors::load(entries.at(entry), entry));
        for (const std::string& name : read.names()) {
            const TensorView view = sure(read.tensor(name));
            person.add(name, view.dtype, view.shape, view.bytes);
        }
    }
    const Vertices own = 0.7f * avatar.person->offsets;
    person.add("own_expression", {own.cols(), 3}, std::span<const float>(own.data(), std::size_t(own.size())));
    entries["splats.safetensors"] = std::move(entries.at("gaussians.safetensors"));
    for (const char* entry : {"gaussians.safetensors", "surface.safetensors", "source.json"}) entries.erase(entry);
    entries["avatar.json"] = text_bytes(document);
    entries["person.safetensors"] = person.encode();
    return entries;
}

// With a part that this version does not know.
Entries with_unknown_part(Entries entries) {
    auto document = nlohmann::json::parse(entries.at("avatar.json"));
    document["parts"]["wings"] = 3;
    document["remark"] = "kept";
    entries["avatar.json"] = text_bytes(document);
    entries["wings.json"] = text_bytes({{"span", 2.5}});
    return entries;
}

struct Original {
    Entries entries;
    std::vector<std::string> names;
    Bytes file;
    std::shared_ptr<const HeadModel> model;
};

struct Originals {
    test::TemporaryFolder folder{"fuzz_avatar"};
    std::vector<Original> all;

    Originals() {
        const Avatar everything = test::everything_avatar(7, 60), hair = test::ball_avatar(3, 40, true);
        Avatar bending = test::ball_avatar(5, 30, false);
        bending.model = test::bending_head(5);
        bending.source.edit().picture = nullptr;
        add(entries_of(everything), everything);
        add(with_unknown_part(entries_of(bending)), bending);
        add(entries_of(test::ball_avatar(4, 30, false)), test::ball_avatar(4, 30, false));
        add(as_first_version(entries_of(hair), hair, 0), hair);
        add(as_first_version(entries_of(hair), hair, 0.25f), hair);  // slow: hair is moved back and forth
    }
    Entries entries_of(Avatar avatar) const {
        avatar.prepare();
        const auto file = folder.path / "original.likeness";
        if (!save_avatar(file, avatar, Image(4, 4, 4, 0.5f))) std::abort();
        const auto zip = sure(ZipReader::open(file));
        Entries entries;
        for (const std::string& name : zip.names()) entries[name] = sure(zip.read(name));
        return entries;
    }
    void add(Entries entries, const Avatar& avatar) {
        Original made{std::move(entries), {}, {}, avatar.model};
        for (const auto& entry : made.entries) made.names.push_back(entry.first);
        made.file = packed(made.entries, ZipWriter::Method::deflated);
        all.push_back(std::move(made));
    }
};
const Originals& originals() {
    static const Originals made;
    return made;
}

// The last one is the slowest, and seldom chosen.
const Original& original_of(std::uint8_t first) {
    const auto& all = originals().all;
    return first == 255 ? all.back() : all[(first >> 1) % (all.size() - 1)];
}
// The number of an entry; that of the packed file is behind them.
std::size_t entry_of(const Original& original, std::uint8_t second) { return second % (original.names.size() + 1); }

constexpr std::size_t chosen = 2;  // the bytes that choose

Result<Avatar> load(const Bytes& bytes, const std::shared_ptr<const HeadModel>& model) {
    const auto file = originals().folder.path / "fuzz.likeness";
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return test::load_avatar(file, model);
}

}  // namespace

// Starts from the entries as they are, now and then from one of another file's.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    const auto& all = originals().all;
    if (size < chosen || seed % 64 == 0) {
        data[0] = std::uint8_t(seed >> 8);
        data[1] = std::uint8_t(seed >> 16);
        const Original& original = original_of(data[0]);
        const std::size_t entry = entry_of(original, data[1]);
        const Bytes* bytes = &original.file;
        if (entry < original.names.size()) {
            bytes = &original.entries.at(original.names[entry]);
            const Entries& others = all[(seed >> 24) % all.size()].entries;
            if (const auto other = others.find(original.names[entry]); seed / 64 % 8 == 0 && other != others.end())
                bytes = &other->second;
        }
        size = chosen + std::min(bytes->size(), most - chosen);
        std::copy_n(bytes->begin(), size - chosen, data + chosen);
    }
    const Original& original = original_of(data[0]);
    const std::size_t entry = entry_of(original, data[1]);
    const bool tensors = entry < original.names.size() && original.names[entry].ends_with(".safetensors");
    const auto mutate = tensors && seed / 2 % 2 == 0 ? mutate_header : LLVMFuzzerMutate;
    return chosen + mutate(data + chosen, size - chosen, most - chosen);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < chosen) return 0;
    const Original& original = original_of(data[0]);
    const std::size_t entry = entry_of(original, data[1]);
    Bytes bytes(data + chosen, data + size);
    if (entry < original.names.size()) {
        Entries entries = original.entries;
        entries[original.names[entry]] = std::move(bytes);
        bytes = packed(entries, ZipWriter::Method::stored);
    }
    const auto model = data[0] & 1 ? original.model : nullptr;
    const auto avatar = load(bytes, model);
    if (!avatar) return 0;
    const auto frame = test::render(*avatar, avatar->source->pose, avatar->source->camera.resized(16, 16));
    for (const float value : frame.color.pixels)
        if (!std::isfinite(value)) std::abort();
    const auto again = originals().folder.path / "again.likeness";
    if (size % 16 == 0 && save_avatar(again, *avatar, {}) && !test::load_avatar(again, model)) std::abort();
    return 0;
}
