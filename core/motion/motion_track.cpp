#include "core/motion/motion_track.h"

#include <algorithm>

#include "core/base/file_kind.h"
#include "core/image/file_bytes.h"
#include "core/motion/motion_readers.h"

namespace likeness {
namespace {

constexpr std::size_t most_bytes = std::size_t(256) << 20;

}  // namespace

Result<MotionTrack> parse_motion(std::string_view text, const std::string& name, std::vector<std::string>* notes) {
    try {
        std::vector<std::string> said;
        if (const FileKind kind = file_kind(text, name)) return bad_motion(name, "it is " + std::string(kind.what));
        const auto first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) return bad_motion(name, "it is empty");
        const bool is_json = text[first] == '{' || text[first] == '[';
        return (is_json ? motion_from_json : motion_from_table)(text, name, notes ? *notes : said);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "motion"};
    }
}

Result<MotionTrack> load_motion(const std::filesystem::path& file, std::vector<std::string>* notes) {
    const auto bytes = read_file(file, most_bytes);
    if (!bytes) return bytes.error();
    return parse_motion({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, file.string(), notes);
}

void MotionTrack::add(double seconds, const PoseSample& sample) {
    times.push_back(seconds);
    weights.insert(weights.end(), sample.weights.begin(), sample.weights.end());
    if (sample.head) head.push_back(*sample.head);
    if (sample.neck) neck.push_back(*sample.neck);
    if (sample.body) body.push_back(*sample.body);
    if (sample.face) face.push_back(sample.face->now);
}

bool MotionTrack::sample(double seconds, PoseSample& sample) const {
    if (times.empty()) return false;
    const auto after = std::upper_bound(times.begin(), times.end(), seconds);
    const std::size_t b = std::min(std::size_t(after - times.begin()), times.size() - 1);
    const std::size_t a = after == times.begin() ? 0 : std::size_t(after - times.begin()) - 1;
    const float mix = b > a ? float((seconds - times[a]) / (times[b] - times[a])) : 0.0f;
    const std::size_t width = names.size();
    sample.weights.resize(width);
    for (std::size_t i = 0; i < width; ++i)
        sample.weights[i] = weights[a * width + i] * (1 - mix) + weights[b * width + i] * mix;
    const auto between = [&](const auto& values) { return (values[a] * (1 - mix) + values[b] * mix).eval(); };
    sample.head.reset();
    sample.neck.reset();
    sample.body.reset();
    sample.face.reset();
    if (!head.empty()) sample.head = between(head);
    if (!neck.empty()) sample.neck = between(neck);
    if (!body.empty())
        sample.body = {body[a].turn * (1 - mix) + body[b].turn * mix, body[a].shift * (1 - mix) + body[b].shift * mix};
    if (!face.empty()) sample.face = FaceMove{mixed(face[a], face[b], mix), face_rest};
    return true;
}

}  // namespace likeness
