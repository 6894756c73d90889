#include "core/tracking/face_track.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/formats/json_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"

namespace likeness {
namespace {

using nlohmann::json;

constexpr int track_version = 1;
constexpr ZipLimits track_limits = {
    .max_entries = 100, .max_entry_bytes = std::uint64_t(2) << 30, .max_total_bytes = std::uint64_t(2) << 30};

template <class Value, class Get>
std::vector<Value> gather(const FaceTrack& track, std::size_t width, const Get& get) {
    std::vector<Value> values;
    values.reserve(track.frames.size() * width);
    for (const TrackedFrame& frame : track.frames) {
        const auto* first = get(frame);
        values.insert(values.end(), first, first + width);
    }
    return values;
}

std::int64_t size_of(std::size_t count) { return std::int64_t(count); }

SafetensorsWriter tensors_of(const FaceTrack& track) {
    SafetensorsWriter out;
    const std::int64_t frames = size_of(track.frames.size()), controls = size_of(track.controls.size());
    const auto floats = [&](const char* name, const Shape& of_one, std::size_t width, const auto& get) {
        Shape shape{frames};
        shape.insert(shape.end(), of_one.begin(), of_one.end());
        out.add(name, shape, std::span<const float>(gather<float>(track, width, get)));
    };
    out.add("identity", {track.identity.size()},
            std::span<const float>(track.identity.data(), std::size_t(track.identity.size())));
    out.add("offsets", {track.offsets.cols(), 3},
            std::span<const float>(track.offsets.data(), std::size_t(track.offsets.size())));
    const RowMatrix of_controls = track.of_controls;
    out.add_half("of_controls", {of_controls.rows(), of_controls.cols()},
                 std::span<const float>(of_controls.data(), std::size_t(of_controls.size())));
    std::vector<double> seconds;
    std::vector<std::uint8_t> state, cut;
    for (const TrackedFrame& frame : track.frames) {
        seconds.push_back(frame.seconds);
        state.push_back(std::uint8_t(frame.state));
        cut.push_back(frame.cut ? 1 : 0);
    }
    out.add("seconds", DType::f64, {frames}, std::as_bytes(std::span(seconds)));
    out.add("state", {frames}, std::span<const std::uint8_t>(state));
    out.add("cut", {frames}, std::span<const std::uint8_t>(cut));
    floats("error", {}, 1, [](const TrackedFrame& f) { return &f.error; });
    floats("controls", {controls}, track.controls.size(), [](const TrackedFrame& f) { return f.pose.controls.data(); });
    const Eigen::Index joints = track.frames.empty() ? 0 : track.frames[0].pose.joints.cols();
    floats("joints", {joints, 3}, std::size_t(3 * joints), [](const TrackedFrame& f) { return f.pose.joints.data(); });
    // Column-major in memory: the file has the transposed matrix, rows as columns.
    floats("view_transposed", {4, 4}, 16, [](const TrackedFrame& f) { return f.world_to_camera.data(); });
    floats("slip", {3}, 3, [](const TrackedFrame& f) { return f.slip.data(); });
    floats("light_transposed", {3, 9}, 27, [](const TrackedFrame& f) { return f.light.data(); });
    floats("landmarks", {landmarks::count, 3}, 3 * landmarks::count,
           [](const TrackedFrame& f) { return f.landmarks[0].data(); });
    return out;
}

bool finite(const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Result<FaceTrack> read_track(const json& about, const Safetensors& data, const std::string& name) {
    const auto damaged = [&](const std::string& detail) {
        return Error{ErrorCode::bad_input, "'" + name + "' is damaged; track the video again.", detail};
    };
    FaceTrack track;
    const json& video = about.at("video");
    track.video = video.at("name").get<std::string>();
    track.video_stamp = video.at("stamp").get<std::string>();
    track.width = video.at("width").get<int>();
    track.height = video.at("height").get<int>();
    track.origin = {video.at("left").get<int>(), video.at("top").get<int>()};
    track.rate = video.at("rate").get<double>();
    track.focal = about.at("focal").get<float>();
    track.torso_followed = about.at("torso_followed").get<bool>();
    track.head = about.at("head").get<std::string>();
    track.controls = about.at("controls").get<std::vector<std::string>>();
    track.notes = about.value("notes", std::vector<std::string>());
    if (track.width < 1 || track.height < 1 || track.width > 100'000 || track.height > 100'000 ||
        !(track.rate > 0 && track.rate < 1e6) || !(track.focal > 0 && track.focal < 1e9f) || track.controls.empty())
        return damaged("size, rate, focal length or controls");
    const auto controls = size_of(track.controls.size());
    const auto state = data.bytes("state", {-1});
    if (!state) return state.error();
    const std::int64_t frames = size_of(state->size());
    const auto cut = data.bytes("cut", {frames});
    if (!cut) return cut.error();
    const auto times = data.tensor("seconds");
    if (!times) return times.error();
    if (times->dtype != DType::f64 || times->shape != Shape{frames}) return damaged("seconds");
    std::vector<double> seconds(state->size());
    std::copy(times->bytes.begin(), times->bytes.end(), reinterpret_cast<std::byte*>(seconds.data()));
    std::vector<float> array;
    Status status;
    const auto read = [&](const char* entry, const Shape& shape) {
        if (!status) return false;
        auto values = data.floats(entry, shape);
        if (!values)
            status = values.error();
        else if (!finite(*values))
            status = damaged(std::string(entry) + " is not finite");
        else
            array = *std::move(values);
        return bool(status);
    };
    if (read("identity", {-1})) track.identity = Eigen::Map<Eigen::VectorXf>(array.data(), Eigen::Index(array.size()));
    if (read("offsets", {-1, 3})) track.offsets = Eigen::Map<Vertices>(array.data(), 3, Eigen::Index(array.size() / 3));
    if (read("of_controls", {3 * track.offsets.cols(), controls}))
        track.of_controls = Eigen::Map<RowMatrix>(array.data(), 3 * track.offsets.cols(), controls);
    if (!status) return status.error();
    const auto shape = data.tensor("joints");
    if (!shape) return shape.error();
    if (shape->shape.size() != 3 || shape->shape[2] != 3 || shape->shape[1] > 1000) return damaged("joints");
    const Eigen::Index joints = shape->shape[1];
    track.frames.resize(state->size());
    for (std::size_t i = 0; i < track.frames.size(); ++i) {
        TrackedFrame& frame = track.frames[i];
        if ((*state)[i] > std::uint8_t(FrameState::dropped)) return damaged("state");
        if (!std::isfinite(seconds[i]) || (i > 0 && seconds[i] < seconds[i - 1])) return damaged("seconds");
        frame.state = FrameState((*state)[i]);
        frame.cut = (*cut)[i] != 0;
        frame.seconds = seconds[i];
    }
    const auto each = [&](const char* entry, const Shape& of_one, std::size_t width, const auto& put) {
        Shape whole{frames};
        whole.insert(whole.end(), of_one.begin(), of_one.end());
        if (!read(entry, whole)) return;
        for (std::size_t i = 0; i < track.frames.size(); ++i) put(track.frames[i], &array[i * width]);
    };
    each("error", {}, 1, [](TrackedFrame& f, const float* v) { f.error = *v; });
    each("controls", {controls}, std::size_t(controls),
         [&](TrackedFrame& f, const float* v) { f.pose.controls = Eigen::Map<const Eigen::VectorXf>(v, controls); });
    each("joints", {joints, 3}, std::size_t(3 * joints),
         [&](TrackedFrame& f, const float* v) { f.pose.joints = Eigen::Map<const Eigen::Matrix3Xf>(v, 3, joints); });
    each("view_transposed", {4, 4}, 16,
         [](TrackedFrame& f, const float* v) { f.world_to_camera = Eigen::Map<const Eigen::Matrix4f>(v); });
    each("slip", {3}, 3, [](TrackedFrame& f, const float* v) { f.slip = Eigen::Map<const Eigen::Vector3f>(v); });
    each("light_transposed", {3, 9}, 27,
         [](TrackedFrame& f, const float* v) { f.light = Eigen::Map<const FrameLight>(v); });
    each("landmarks", {landmarks::count, 3}, 3 * landmarks::count,
         [](TrackedFrame& f, const float* v) { std::copy_n(v, 3 * landmarks::count, f.landmarks[0].data()); });
    if (!status) return status.error();
    return track;
}

}  // namespace

Camera FaceTrack::camera(const TrackedFrame& frame) const {
    Camera camera;
    camera.width = width;
    camera.height = height;
    camera.fx = camera.fy = focal;
    camera.cx = float(width) / 2;
    camera.cy = float(height) / 2;
    camera.world_to_camera = frame.world_to_camera;
    camera.world_to_camera.topRightCorner<3, 1>() += frame.slip;
    return camera;
}

std::size_t FaceTrack::tracked_count() const {
    return std::size_t(std::count_if(frames.begin(), frames.end(),
                                     [](const TrackedFrame& f) { return f.state == FrameState::tracked; }));
}

PersonalHead FaceTrack::person(const HeadModel& model) const {
    return PersonFit{identity, offsets, of_controls, {}}.head(model);
}

Status save_track(const std::filesystem::path& path, const FaceTrack& track) {
    const json about = {{"format", "likeness-track"},
                        {"version", track_version},
                        {"video",
                         {{"name", track.video},
                          {"stamp", track.video_stamp},
                          {"left", track.origin.x()},
                          {"top", track.origin.y()},
                          {"width", track.width},
                          {"height", track.height},
                          {"rate", track.rate}}},
                        {"focal", track.focal},
                        {"torso_followed", track.torso_followed},
                        {"head", track.head},
                        {"controls", track.controls},
                        {"notes", track.notes}};
    ZipWriter zip;
    zip.add("track.json", json_text(about));
    zip.add("track.safetensors", tensors_of(track).encode());
    const auto bytes = zip.encode(path.string());
    if (!bytes) return bytes.error();
    auto file = OutputFile::create(path, FileAccess::owner);
    if (!file) return file.error();
    if (Status written = file->write(*bytes); !written) return written;
    return file->commit();
}

namespace {

Result<FaceTrack> read_zip(const Result<ZipReader>& zip, const std::string& name) {
    if (!zip) return zip.error();
    if (!zip->contains("track.json") || !zip->contains("track.safetensors"))
        return Error{ErrorCode::bad_input, "'" + name + "' is no track of a video.", ""};
    const auto text = zip->read("track.json");
    if (!text) return text.error();
    const auto about = parse_json({reinterpret_cast<const char*>(text->data()), text->size()}, name);
    if (!about) return about.error();
    auto data = zip->read("track.safetensors");
    if (!data) return data.error();
    const auto tensors = Safetensors::load(*std::move(data), name);
    if (!tensors) return tensors.error();
    try {
        if (about->value("format", "") != "likeness-track")
            return Error{ErrorCode::bad_input, "'" + name + "' is no track of a video.", ""};
        if (about->at("version").get<int>() > track_version)
            return Error{ErrorCode::bad_input,
                         "'" + name + "' was made by a newer version of Likeness; update to open it.", ""};
        return read_track(*about, *tensors, name);
    } catch (const json::exception& failure) {
        return Error{ErrorCode::bad_input, "'" + name + "' is damaged; track the video again.", failure.what()};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to open '" + name + "'.", ""};
    }
}

}  // namespace

Result<FaceTrack> load_track(const std::filesystem::path& path) {
    return read_zip(ZipReader::open(path, track_limits), path.string());
}

Result<FaceTrack> parse_track(std::vector<std::uint8_t> bytes, const std::string& name) {
    return read_zip(ZipReader::open(std::move(bytes), name, track_limits), name);
}

}  // namespace likeness
