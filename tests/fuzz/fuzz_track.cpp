// Tracks with one of their two entries changed before packing, or the packed bytes; what loads is a motion that can be
// sampled. An input: a byte that chooses the entry (2: the packed file), and the bytes in its place.
#include <cmath>
#include <cstdlib>

#include "core/formats/zip.h"
#include "core/motion/tracked_motion.h"
#include "tests/formats/temporary_folder.h"
#include "tests/fuzz/mutate_header.h"
#include "tests/tracking/small_track.h"

namespace {

using namespace likeness;
using Bytes = std::vector<std::uint8_t>;

constexpr std::array<const char*, 2> names = {"track.json", "track.safetensors"};

template <class T>
T sure(Result<T> result) {
    if (!result) std::abort();
    return *std::move(result);
}

Bytes packed(const std::array<Bytes, 2>& entries) {
    ZipWriter zip;
    for (std::size_t i = 0; i < 2; ++i) zip.add(names[i], entries[i], ZipWriter::Method::stored);
    return sure(zip.encode("fuzz"));
}

struct Original {
    std::array<Bytes, 3> part;  // the entries, and the file
    Original() {
        using enum FrameState;
        const FaceTrack track = test::small_track({tracked, no_face, tracked});
        const test::TemporaryFolder folder("fuzz_track");
        if (!save_track(folder.path / "a.track", track)) std::abort();
        const auto zip = sure(ZipReader::open(folder.path / "a.track"));
        for (std::size_t i = 0; i < 2; ++i) part[i] = sure(zip.read(names[i]));
        part[2] = packed({part[0], part[1]});
    }
};
const Original& original() {
    static const Original made;
    return made;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    if (size < 1 || seed % 64 == 0) {
        data[0] = std::uint8_t(seed >> 8);
        const Bytes& start = original().part[data[0] % 3];
        size = 1 + std::min(start.size(), most - 1);
        std::copy_n(start.begin(), size - 1, data + 1);
    }
    const auto mutate = data[0] % 3 == 1 && seed / 64 % 4 != 0 ? mutate_header : LLVMFuzzerMutate;
    return 1 + mutate(data + 1, size - 1, most - 1);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    Bytes bytes(data + 1, data + size);
    if (const std::size_t which = data[0] % 3; which < 2) {
        std::array<Bytes, 2> entries{original().part[0], original().part[1]};
        entries[which] = std::move(bytes);
        bytes = packed(entries);
    }
    const auto track = parse_track(std::move(bytes), "fuzz");
    if (!track) return 0;
    const MotionTrack motion = motion_of(*track, nullptr);
    if (motion.weights.size() != motion.frame_count() * motion.names.size()) std::abort();
    for (const double seconds : {-1.0, 0.0, 0.5 * motion.duration(), 1e300}) {
        PoseSample sample;
        if (!motion.sample(seconds, sample)) continue;
        for (const float weight : sample.weights)
            if (!std::isfinite(weight)) std::abort();
        if (sample.head && !sample.head->allFinite()) std::abort();
    }
    return 0;
}
