// One entry of a small avatar's file from arbitrary bytes; what loads is looked at. Behind the zip (fuzz_zip.cpp),
// whose checksums would refuse nearly every change. The first byte chooses the entry, and whether the head is the
// file's own.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "core/avatar/avatar_file.h"
#include "core/formats/zip.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Original {
    likeness::test::TemporaryFolder folder{"fuzz_avatar"};
    likeness::Avatar avatar = likeness::test::everything_avatar(7, 60);
    std::vector<std::pair<std::string, Bytes>> entries;

    Original() {
        const auto file = folder.path / "original.likeness";
        if (!likeness::save_avatar(file, avatar, {})) std::abort();
        const auto zip = likeness::ZipReader::open(file);
        for (const std::string& name : zip->names()) entries.emplace_back(name, *zip->read(name));
    }
};
const Original& original() {
    static const Original made;
    return made;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

// Starts from the entries as they are.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    const auto& entries = original().entries;
    if (size < 2 || seed % 64 == 0) {
        data[0] = std::uint8_t(seed / 64);
        const Bytes& bytes = entries[(data[0] >> 1) % entries.size()].second;
        size = 1 + std::min(bytes.size(), most - 1);
        std::copy_n(bytes.begin(), size - 1, data + 1);
    }
    return 1 + LLVMFuzzerMutate(data + 1, size - 1, most - 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Original& from = original();
    const std::size_t changed = (data[0] >> 1) % from.entries.size();
    likeness::ZipWriter zip;
    for (std::size_t i = 0; i < from.entries.size(); ++i) {
        const auto& [name, bytes] = from.entries[i];
        zip.add(name, i == changed ? Bytes(data + 1, data + size) : bytes, likeness::ZipWriter::Method::stored);
    }
    const auto file = from.folder.path / "fuzz.likeness";
    if (!zip.save(file)) std::abort();
    const auto avatar = likeness::test::load_avatar(file, data[0] & 1 ? from.avatar.model : nullptr);
    if (!avatar) return 0;
    const auto frame = likeness::test::render(*avatar, avatar->source->pose, avatar->source->camera.resized(16, 16));
    for (const float value : frame.color.pixels)
        if (!std::isfinite(value)) std::abort();
    return 0;
}
