#include "core/pipeline/kept_looks.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "core/base/output_file.h"
#include "core/base/shared_folder.h"
#include "core/formats/safetensors.h"
#include "core/image/file_bytes.h"

namespace likeness {
namespace {

constexpr std::int64_t color_count = 3 * landmarks::face_count;
constexpr float most_pixels = 1e6f;  // of a place that can be true
constexpr std::uint64_t most_bytes = std::uint64_t(8) << 30;
constexpr std::int32_t most_number = 1'000'000'000;  // of points and frames: it is counted on
constexpr auto kept_for = std::chrono::hours(24 * 30);

namespace fs = std::filesystem;

fs::path lock_of(fs::path looks) { return looks += ".lock"; }

// Places and sureness of points, six floats each.
template <class Points>
void add_points(SafetensorsWriter& out, const std::string& name, const Points& points) {
    std::vector<float> values;
    std::vector<std::int32_t> numbers;
    for (const auto& p : points) {
        values.insert(values.end(), {p.at.x(), p.at.y()});
        values.insert(values.end(), p.sureness.data(), p.sureness.data() + 4);
        numbers.push_back(p.number);
    }
    const auto count = std::int64_t(numbers.size());
    out.add(name, {count, 6}, std::span<const float>(values));
    out.add(name + "_number", {count}, std::span<const std::int32_t>(numbers));
}

// What of a file is read; `good` is false once anything was not as it must be.
struct LooksReader {
    const Safetensors& file;
    bool good = true;

    std::vector<float> floats(const char* name, const Shape& shape, float most) {
        auto values = file.floats(name, shape);
        good =
            good && values && std::all_of(values->begin(), values->end(), [&](float v) { return std::abs(v) <= most; });
        return good ? *std::move(values) : std::vector<float>();
    }
    std::vector<std::int32_t> ints(const std::string& name, const Shape& shape) {
        auto values = file.ints(name, shape);
        good = good && values &&
               std::all_of(values->begin(), values->end(), [](std::int32_t v) { return v >= 0 && v <= most_number; });
        return good ? *std::move(values) : std::vector<std::int32_t>();
    }
    template <class Point>
    std::vector<Point> points(const char* name) {
        const std::vector<float> values = floats(name, {-1, 6}, most_pixels);
        const auto numbers = ints(std::string(name) + "_number", {std::int64_t(values.size() / 6)});
        std::vector<Point> points(numbers.size());
        for (std::size_t i = 0; i < points.size(); ++i) {
            const float* v = &values[6 * i];
            points[i].number = numbers[i];
            points[i].at = {v[0], v[1]};
            std::memcpy(points[i].sureness.data(), v + 2, 4 * sizeof(float));
        }
        return points;
    }
};

std::optional<KeptLooks> read_looks(const Safetensors& file) {
    const auto flags = file.bytes("flags", {-1});
    const auto times = file.tensor("seconds");
    if (!flags || !times) return std::nullopt;
    const auto count = std::int64_t(flags->size());
    if (times->dtype != DType::f64 || times->shape != Shape{count}) return std::nullopt;
    const auto colors = file.bytes("colors", {count, color_count});
    if (!colors) return std::nullopt;
    LooksReader in{file};
    const auto points = in.floats("landmarks", {count, landmarks::count, 3}, most_pixels);
    const auto torso_count = in.ints("torso_count", {count}), state = in.ints("state", {4});
    const auto torso = in.points<TorsoPoint>("torso");
    const auto last = in.floats("last", {-1, landmarks::count, 3}, most_pixels);
    const auto change = in.floats("usual_change", {1}, 1e3f);
    KeptLooks looks;
    looks.clothes.points = in.points<ClothesPoint>("clothes");
    if (!in.good || last.size() > 3 * landmarks::count) return std::nullopt;
    std::size_t next_torso = 0;
    for (std::size_t i = 0; i < flags->size(); ++i) {
        SeenFrame& frame = looks.frames.emplace_back();
        std::memcpy(&frame.seconds, times->bytes.data() + 8 * i, 8);
        if (!std::isfinite(frame.seconds)) return std::nullopt;
        frame.cut = (*flags)[i] & 1;
        frame.anew = (*flags)[i] & 2;
        frame.face = (*flags)[i] & 4;
        std::memcpy(frame.points[0].data(), &points[3 * landmarks::count * i], sizeof(float) * 3 * landmarks::count);
        const auto color = colors->begin() + std::ptrdiff_t(i) * color_count;
        if (frame.face) frame.colors.assign(color, color + color_count);
        const auto of_torso = std::size_t(torso_count[i]);
        if (of_torso > torso.size() - next_torso) return std::nullopt;
        const auto first = torso.begin() + std::ptrdiff_t(next_torso);
        frame.torso.assign(first, first + std::ptrdiff_t(of_torso));
        next_torso += of_torso;
    }
    if (!last.empty()) {
        FaceLandmarks& face = looks.face.last.emplace();
        std::memcpy(face.points[0].data(), last.data(), sizeof(float) * last.size());
        face.low = face.high = face.point(0);
        for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
            face.low = face.low.cwiseMin(face.point(i));
            face.high = face.high.cwiseMax(face.point(i));
        }
    }
    // No point ever gets the number of another.
    for (const ClothesPoint& point : looks.clothes.points)
        if (point.number >= state[2]) return std::nullopt;
    looks.face.begun = state[0] != 0;
    looks.face.lost = state[1];
    looks.face.usual_change = change[0];
    looks.clothes.next_number = state[2];
    looks.clothes_sought = state[3] != 0;
    return looks;
}

}  // namespace

std::optional<LooksLock> LooksLock::take(const fs::path& looks) {
    if (!make_private_folder(looks.parent_path())) return std::nullopt;
    const int handle = take_lock(lock_of(looks), O_CREAT);
    if (handle < 0) return std::nullopt;
    return LooksLock(lock_of(looks), handle);
}

LooksLock::~LooksLock() {
    if (handle_ < 0) return;
    ::unlink(file_.c_str());  // before others can lock it
    ::close(handle_);
}

void clear_old_looks(const fs::path& folder, std::uintmax_t most_bytes) {
    struct Kept {
        fs::file_time_type written;
        std::uintmax_t bytes;
        fs::path file;
    };
    std::vector<Kept> all;
    std::error_code failed;
    for (auto it = fs::directory_iterator(folder, failed); !failed && it != fs::directory_iterator();
         it.increment(failed)) {
        std::error_code gone;
        const auto written = it->last_write_time(gone);
        const auto bytes = it->file_size(gone);
        if (gone) continue;
        if (it->path().extension() == ".looks") all.push_back({written, bytes, it->path()});
        if (it->path().extension() != ".lock") continue;
        // Left behind by a program that was killed.
        if (const int handle = take_lock(it->path()); handle >= 0) {
            ::unlink(it->path().c_str());
            ::close(handle);
        }
    }
    std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.written > b.written; });
    std::uintmax_t sum = 0;
    for (const Kept& kept : all) {
        sum += kept.bytes;
        if (sum <= most_bytes && fs::file_time_type::clock::now() - kept.written <= kept_for) continue;
        const auto lock = LooksLock::take(kept.file);
        std::error_code ignored;
        if (lock) fs::remove(kept.file, ignored);
    }
}

Status save_looks(const fs::path& file, const std::string& key, const KeptLooks& looks) {
    SafetensorsWriter out;
    out.set_metadata("key", key);
    std::vector<double> seconds;
    std::vector<std::uint8_t> flags, colors;
    std::vector<float> points;
    std::vector<std::int32_t> torso_count;
    std::vector<TorsoPoint> torso;
    for (const SeenFrame& frame : looks.frames) {
        seconds.push_back(frame.seconds);
        flags.push_back(std::uint8_t((frame.cut ? 1 : 0) + (frame.anew ? 2 : 0) + (frame.face ? 4 : 0)));
        points.insert(points.end(), frame.points[0].data(), frame.points[0].data() + 3 * landmarks::count);
        colors.insert(colors.end(), frame.colors.begin(), frame.colors.end());
        colors.resize(seconds.size() * std::size_t(color_count));
        torso_count.push_back(std::int32_t(frame.torso.size()));
        torso.insert(torso.end(), frame.torso.begin(), frame.torso.end());
    }
    const auto count = std::int64_t(seconds.size());
    out.add("seconds", DType::f64, {count}, std::as_bytes(std::span(seconds)));
    out.add("flags", {count}, std::span<const std::uint8_t>(flags));
    out.add("landmarks", {count, landmarks::count, 3}, std::span<const float>(points));
    out.add("colors", {count, color_count}, std::span<const std::uint8_t>(colors));
    out.add("torso_count", {count}, std::span<const std::int32_t>(torso_count));
    add_points(out, "torso", torso);
    add_points(out, "clothes", looks.clothes.points);
    const std::size_t last = looks.face.last ? 1 : 0;
    out.add("last", {std::int64_t(last), landmarks::count, 3},
            std::span<const float>(last ? looks.face.last->points[0].data() : nullptr, last * 3 * landmarks::count));
    const std::array<std::int32_t, 4> state{looks.face.begun ? 1 : 0, looks.face.lost, looks.clothes.next_number,
                                            looks.clothes_sought ? 1 : 0};
    out.add("state", {4}, std::span<const std::int32_t>(state));
    out.add("usual_change", {1}, std::span<const float>(&looks.face.usual_change, 1));
    if (Status made = make_private_folder(file.parent_path()); !made) return made;
    auto written = OutputFile::create(file, FileAccess::program);
    if (!written) return written.error();
    if (Status done = written->write(out.encode()); !done) return done;
    return written->commit();
}

std::optional<KeptLooks> parse_looks(std::vector<std::uint8_t> bytes, const std::string& key) {
    const auto read = Safetensors::load(std::move(bytes), "kept looks");
    if (!read) return std::nullopt;
    const auto known = read->metadata().find("key");
    if (known == read->metadata().end() || known->second != key) return std::nullopt;
    return read_looks(*read);
}

std::optional<KeptLooks> load_looks(const fs::path& file, const std::string& key) {
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return std::nullopt;
    auto bytes = read_file(file, most_bytes);
    return bytes ? parse_looks(*std::move(bytes), key) : std::nullopt;
}

}  // namespace likeness
