// What was kept of a video that was looked through, changed; what loads can be gone on from and kept again.
#include <cmath>
#include <cstdlib>

#include "core/image/file_bytes.h"
#include "core/pipeline/kept_looks.h"
#include "tests/formats/temporary_folder.h"
#include "tests/fuzz/mutate_header.h"

namespace {

using namespace likeness;
using Bytes = std::vector<std::uint8_t>;

constexpr const char* key = "a video";

Bytes saved(const KeptLooks& looks) {
    static const test::TemporaryFolder folder("fuzz_looks");
    if (!save_looks(folder.path / "a.looks", key, looks)) std::abort();
    auto bytes = read_file(folder.path / "a.looks", std::uint64_t(1) << 32);
    if (!bytes) std::abort();
    return *std::move(bytes);
}

const Bytes& original() {
    static const Bytes made = [] {
        KeptLooks looks;
        for (int n = 0; n < 3; ++n) {
            SeenFrame& frame = looks.frames.emplace_back();
            frame.seconds = 0.04 * n;
            frame.cut = n == 2;
            frame.face = n != 1;
            if (frame.face) frame.colors.assign(3 * landmarks::face_count, 90);
            frame.torso.resize(std::size_t(n));
        }
        looks.face.last.emplace();
        looks.clothes.points.resize(2);
        looks.clothes.points[1].number = 1;
        looks.clothes.next_number = 2;
        return saved(looks);
    }();
    return made;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    if (size < 16 || seed % 64 == 0) {
        size = std::min(original().size(), most);
        std::copy_n(original().begin(), size, data);
    }
    return seed / 64 % 4 != 0 ? mutate_header(data, size, most) : LLVMFuzzerMutate(data, size, most);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto looks = parse_looks({data, data + size}, key);
    if (!looks) return 0;
    std::size_t torso = 0;
    for (const SeenFrame& frame : looks->frames) {
        if (!std::isfinite(frame.seconds)) std::abort();
        if (frame.face && frame.colors.size() != 3 * landmarks::face_count) std::abort();
        for (const Eigen::Vector3f& point : frame.points)
            if (!point.allFinite()) std::abort();
        torso += frame.torso.size();
    }
    const auto again = parse_looks(saved(*looks), key);
    if (!again || again->frames.size() != looks->frames.size() ||
        again->clothes.points.size() != looks->clothes.points.size())
        std::abort();
    for (const SeenFrame& frame : again->frames) torso -= frame.torso.size();
    if (torso != 0) std::abort();
    return 0;
}
