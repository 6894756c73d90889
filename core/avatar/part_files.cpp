#include "core/avatar/part_files.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/avatar/hair_shell.h"
#include "core/avatar/paint_file.h"
#include "core/formats/json_file.h"
#include "core/geometry/camera_json.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/load.h"
#include "core/image/save.h"

namespace likeness {
namespace {

using nlohmann::json;

template <class Matrix>
std::span<const float> values(const Matrix& m) {
    return {m.data(), std::size_t(m.size())};
}

float number(const json& value) {
    const float x = value.get<float>();
    if (!std::isfinite(x)) throw json::other_error::create(500, "not a finite number", nullptr);
    return x;
}

// ---- person: identity, offsets, expression ----

Result<Vertices> read_vertices(const Safetensors& file, const std::string& name, std::int64_t count) {
    const auto read = file.floats(name, {count, 3});
    if (!read) return read.error();
    return Vertices(Eigen::Map<const Vertices>(read->data(), 3, Eigen::Index(read->size() / 3)));
}

Status read_person(const PartReader& file, Avatar& avatar) {
    const auto read = file.tensors("person.safetensors");
    if (!read) return read.error();
    const HeadModel& model = *avatar.model;
    const std::int64_t vertices = model.vertex_count(), controls = model.control_count();
    Person person;
    if (file.own_head) {
        person.offsets = Vertices::Zero(3, vertices);
    } else {
        const auto identity = read->floats("identity", {model.identity_count()});
        if (!identity) return identity.error();
        person.identity = Eigen::Map<const Eigen::VectorXf>(identity->data(), Eigen::Index(identity->size()));
        auto offsets = read_vertices(*read, "offsets", vertices);
        if (!offsets) return offsets.error();
        person.offsets = *std::move(offsets);
    }
    if (!person.identity.allFinite() || !person.offsets.allFinite()) return file.damaged("a head that is not finite");
    avatar.person = std::move(person);
    ExpressionBasis own;
    if (read->contains("expression")) {
        const auto targets = read->floats("expression", {-1, vertices, 3});
        if (!targets) return targets.error();
        const std::int64_t count = std::int64_t(targets->size()) / (3 * vertices);
        const auto map = read->floats("expression_controls", {count, controls});
        if (!map) return map.error();
        own.targets = Eigen::Map<const Eigen::MatrixXf>(targets->data(), 3 * vertices, count);
        own.control_map = Eigen::Map<const RowMatrix>(map->data(), count, controls);
    } else if (read->contains("own_expression")) {
        // The first files had one at most, of the source's controls.
        const auto target = read_vertices(*read, "own_expression", vertices);
        if (!target) return target.error();
        own = target_at(*target, avatar.source->pose.controls);
    }
    if (!own.targets.allFinite() || !own.control_map.allFinite())
        return file.damaged("an expression that is not finite");
    avatar.add_expressions(own);
    return {};
}

bool write_person(const Avatar& avatar, ZipWriter& zip) {
    const HeadModel& model = *avatar.model;
    SafetensorsWriter person;
    person.add("identity", {avatar.person->identity.size()}, values(avatar.person->identity));
    person.add("offsets", {avatar.person->offsets.cols(), 3}, values(avatar.person->offsets));
    if (const ExpressionBasis own = avatar.own_expressions(); own.count() > 0) {
        person.add("expression", {own.count(), model.vertex_count(), 3}, values(own.targets));
        person.add("expression_controls", {own.count(), model.control_count()}, values(RowMatrix(own.control_map)));
    }
    zip.add("person.safetensors", person.encode(), ZipWriter::Method::stored);
    return true;
}

// ---- identity_change: by the names of targets ----

// Values of other kinds and out of range are left out.
IdentityChange read_change(const json& by_name, const HeadModel& model) {
    Eigen::VectorXf added = Eigen::VectorXf::Zero(model.identity_count());
    if (by_name.is_object())
        for (int i = 0; i < model.identity_count(); ++i)
            if (const auto value = by_name.find(model.identity_names[std::size_t(i)]);
                value != by_name.end() && value->is_number() && std::abs(value->get<float>()) <= 10)
                added[i] = value->get<float>();
    return added.isZero(0) ? IdentityChange{} : IdentityChange{std::move(added)};
}

Status read_identity_change(const PartReader& file, Avatar& avatar) {
    if (file.own_head) return {};
    IdentityChange change;
    if (file.version == 1) {
        // The first files hold the person as changed, and the change in the studio's session.
        const auto studio = file.document.find("studio");
        if (studio != file.document.end() && studio->is_object() && studio->contains("identity_change"))
            change = read_change(studio->at("identity_change"), *avatar.model);
        if (change.added.size() > 0) avatar.person.edit().identity -= change.added;
    } else if (file.contains("identity_change.json")) {
        const auto by_name = file.json("identity_change.json");
        if (!by_name) return by_name.error();
        change = read_change(*by_name, *avatar.model);
    }
    if (change.added.size() > 0) avatar.identity_change = std::move(change);
    return {};
}

bool write_identity_change(const Avatar& avatar, ZipWriter& zip) {
    if (*avatar.identity_change == IdentityChange{}) return false;
    json change = json::object();
    const Eigen::VectorXf& added = avatar.identity_change->added;
    for (Eigen::Index i = 0; i < added.size(); ++i)
        if (added[i] != 0) change[avatar.model->identity_names[std::size_t(i)]] = added[i];
    zip.add("identity_change.json", json_text(change));
    return true;
}

// ---- surface: the hair shell ----

Status read_surface(const PartReader& file, Avatar& avatar) {
    const auto read = file.tensors(file.version > 1 ? "surface.safetensors" : "person.safetensors");
    if (!read) return read.error();
    auto vertices = read_vertices(*read, "hair_vertices", -1);
    if (!vertices) return vertices.error();
    const Eigen::Index shell = vertices->cols(), joints = avatar.model->joint_count();
    if (shell != 0 && shell != hair_rows * hair_columns) return file.damaged("hair_vertices");
    // The file's own head has the changes of the identity in it: then hair is where they move it.
    if (file.own_head && read->contains("hair_changed")) {
        vertices = read_vertices(*read, "hair_changed", shell);
        if (!vertices) return vertices.error();
    }
    const auto weights = read->floats("hair_weights", {shell, joints});
    if (!weights) return weights.error();
    HairShell hair{*std::move(vertices),
                   Eigen::MatrixXf(Eigen::Map<const Eigen::MatrixXf>(weights->data(), joints, shell))};
    if (!hair.vertices.allFinite() || !hair.weights->allFinite()) return file.damaged("hair that is not finite");
    if (file.version == 1 && avatar.identity_change->added.size() > 0)
        hair = hair_before(avatar.model, avatar.person, avatar.identity_change, hair);
    avatar.shells = Shells{std::move(hair)};
    return {};
}

bool write_surface(const Avatar& avatar, ZipWriter& zip) {
    const HairShell& hair = avatar.shells->hair;
    SafetensorsWriter surface;
    surface.add("hair_vertices", {hair.vertices.cols(), 3}, values(hair.vertices));
    surface.add("hair_weights", {hair.vertices.cols(), avatar.model->joint_count()}, values(*hair.weights));
    if (avatar.hair().vertices.cols() > 0 && avatar.hair().vertices != hair.vertices)
        surface.add("hair_changed", {hair.vertices.cols(), 3}, values(avatar.hair().vertices));
    zip.add("surface.safetensors", surface.encode(), ZipWriter::Method::stored);
    return true;
}

// ---- gaussians ----

Status read_gaussians(const PartReader& file, Avatar& avatar) {
    const auto read = file.tensors(file.version > 1 ? "gaussians.safetensors" : "splats.safetensors");
    if (!read) return read.error();
    const auto opacity = read->floats("opacity", {-1});
    if (!opacity) return opacity.error();
    const auto n = std::int64_t(opacity->size());
    AnchoredSplats s;
    s.count = opacity->size();
    for (const GaussianAttribute& a : gaussian_attributes) {
        auto of_all = read->floats(a.name, a.width == 1 ? std::vector{n} : std::vector{n, std::int64_t(a.width)});
        if (!of_all) return of_all.error();
        s.*a.values = *std::move(of_all);
    }
    if (!all_finite(s)) return file.damaged("a Gaussian that is not finite");
    const auto atlas = read->floats("atlas", {n, 2});
    if (!atlas) return atlas.error();
    const float right = avatar.shells->hair.vertices.cols() > 0 ? 2.0f : 1.0f;
    s.atlas.reserve(s.count);
    for (std::size_t i = 0; i < s.count; ++i) {
        const Eigen::Vector2f a((*atlas)[2 * i], (*atlas)[2 * i + 1]);
        if (!(a.x() >= 0 && a.x() <= right && a.y() >= 0 && a.y() <= 1))
            return file.damaged("an anchor outside the atlas");
        s.atlas.push_back(a);
    }
    const auto parts = read->bytes("layer", {n});
    if (!parts) return parts.error();
    s.part.reserve(s.count);
    for (std::uint8_t l : *parts) {
        if (l >= splat_part_names.size()) return file.damaged("an unknown layer");
        s.part.push_back(SplatPart(l));
    }
    avatar.splats = std::move(s);
    return {};
}

bool write_gaussians(const Avatar& avatar, ZipWriter& zip) {
    const AnchoredSplats& s = *avatar.splats;
    const auto n = std::int64_t(s.count);
    SafetensorsWriter gaussians;
    std::vector<float> atlas;
    for (const Eigen::Vector2f& a : s.atlas) atlas.insert(atlas.end(), {a.x(), a.y()});
    std::vector<std::uint8_t> parts;
    for (SplatPart l : s.part) parts.push_back(std::uint8_t(l));
    gaussians.add("atlas", {n, 2}, std::span<const float>(atlas));
    gaussians.add("layer", {n}, std::span<const std::uint8_t>(parts));
    each_attribute(s, [&](const GaussianAttribute& a, const std::vector<float>& of_all) {
        const std::vector<std::int64_t> shape = a.width == 1 ? std::vector{n} : std::vector{n, std::int64_t(a.width)};
        gaussians.add(a.name, shape, std::span<const float>(of_all));
    });
    // Noise to a compressor, and most of the file: stored, saving takes a quarter of the time.
    zip.add("gaussians.safetensors", gaussians.encode(), ZipWriter::Method::stored);
    return true;
}

// ---- source: the photograph's crop, its camera and the pose that it shows ----

json pose_to_json(const HeadModel& model, const HeadPose& pose) {
    json controls = json::object(), joints = json::object();
    for (int c = 0; c < model.control_count(); ++c)
        if (pose.controls[c] != 0) controls[model.control_names[std::size_t(c)]] = pose.controls[c];
    for (int j = 0; j < model.joint_count(); ++j)
        if (!pose.joints.col(j).isZero())
            joints[model.joint_names[std::size_t(j)]] = {pose.joints(0, j), pose.joints(1, j), pose.joints(2, j)};
    return {{"controls", controls},
            {"joints", joints},
            {"translation", {pose.translation.x(), pose.translation.y(), pose.translation.z()}}};
}

HeadPose pose_from_json(const HeadModel& model, const json& from) {
    HeadPose pose = HeadPose::neutral(model);
    for (const auto& [name, value] : from.at("controls").items())
        if (const int c = model.control(name); c >= 0) pose.controls[c] = number(value);
    for (const auto& [name, value] : from.at("joints").items())
        if (const int j = model.joint(name); j >= 0)
            for (int k = 0; k < 3; ++k) pose.joints(k, j) = number(value.at(std::size_t(k)));
    for (int k = 0; k < 3; ++k) pose.translation[k] = number(from.at("translation").at(std::size_t(k)));
    return pose;
}

Status read_source(const PartReader& file, Avatar& avatar) {
    SourceView source;
    json view;
    if (file.version > 1) {
        auto read = file.json("source.json");
        if (!read) return read.error();
        view = *std::move(read);
    } else {
        view = file.document.at("source");
    }
    source.file = view.value("file", "");
    source.pose = pose_from_json(*avatar.model, view.at("pose"));
    const auto camera = camera_from_json(view.at("camera"));
    if (!camera) return file.damaged(camera.error().message);
    source.camera = *camera;
    if (const auto points = view.find("landmarks"); points != view.end()) {
        if (!points->is_array() || points->size() != std::size_t(landmarks::count))
            return file.damaged("the photograph's landmarks");
        for (const json& point : *points)
            source.landmarks.emplace_back(number(point.at(0)), number(point.at(1)), number(point.at(2)));
    }
    if (file.contains("source.png")) {
        auto picture = file.picture("source.png", 4096);
        if (!picture) return picture.error();
        source.picture = std::make_shared<const Image>(*std::move(picture));
    }
    avatar.source = std::move(source);
    return {};
}

bool write_source(const Avatar& avatar, ZipWriter& zip) {
    json view = source_to_json(avatar);
    const auto hundredths = [](float x) { return std::round(double(x) * 100) / 100; };
    for (const Eigen::Vector3f& point : avatar.source->landmarks)
        view["landmarks"].push_back({hundredths(point.x()), hundredths(point.y()), hundredths(point.z())});
    zip.add("source.json", json_text(view));
    if (avatar.source->picture) zip.add("source.png", encode_png(*avatar.source->picture), ZipWriter::Method::stored);
    return true;
}

// ---- maps ----

Status read_maps(const PartReader& file, Avatar& avatar) {
    if (!file.contains("maps.json")) return {};
    const auto read = file.json("maps.json");
    if (!read) return read.error();
    // The first files had room for pictures that nothing ever made or drew.
    if (read->contains("maps")) return {};
    TextureMaps maps;
    maps.side = read->at("side").get<int>();
    maps.squares = read->at("squares").get<int>();
    if (std::find(map_sides.begin(), map_sides.end(), maps.side) == map_sides.end()) return file.damaged("a map's size");
    if (maps.squares < 1 || maps.squares > 2) return file.damaged("a map's squares");
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        const MapAttribute& about = map_attributes[k];
        const std::string entry = std::string("maps/") + about.name + ".safetensors";
        const std::size_t bytes = maps.texel_count() * about.channels * sizeof(Eigen::half);
        if (file.size(entry) > bytes + 4096) return file.damaged("a map of another size");
        const auto stored = file.tensors(entry);
        if (!stored) return stored.error();
        const auto tensor = stored->tensor(about.name);
        if (!tensor) return tensor.error();
        if (tensor->dtype != DType::f16 ||
            tensor->shape != Shape{maps.squares, maps.side, maps.side, std::int64_t(about.channels)})
            return file.damaged("a map of another size");
        auto texels = std::make_shared<MapTexels>(maps.texel_count() * about.channels);
        std::memcpy(static_cast<void*>(texels->data()), tensor->bytes.data(), bytes);
        if (!std::all_of(texels->begin(), texels->end(), [](Eigen::half x) { return (Eigen::numext::isfinite)(x); }))
            return file.damaged("a map that is not finite");
        maps.texels[k] = std::move(texels);
    }
    avatar.maps = std::move(maps);
    return {};
}

bool write_maps(const Avatar& avatar, ZipWriter& zip) {
    const TextureMaps& maps = *avatar.maps;
    if (maps.empty()) return false;
    for (std::size_t k = 0; k < map_attributes.size(); ++k) {
        const MapAttribute& about = map_attributes[k];
        SafetensorsWriter tensors;
        tensors.add(about.name, DType::f16, {maps.squares, maps.side, maps.side, std::int64_t(about.channels)},
                    std::as_bytes(std::span(*maps.texels[k])));
        zip.add(std::string("maps/") + about.name + ".safetensors", tensors.encode());
    }
    zip.add("maps.json", json_text({{"side", maps.side}, {"squares", maps.squares}}));
    return true;
}

// ---- slots ----

Status read_slots(const PartReader& file, Avatar& avatar) {
    if (!file.contains("slots.json")) return {};
    const auto read = file.json("slots.json");
    if (!read) return read.error();
    AttributeSlots slots;
    for (const json& from : read->at("slots")) {
        AttributeSlot slot{from.at("name").get<std::string>(), from.at("choice").get<std::string>(), {}};
        for (const json& value : from.at("code")) slot.code.push_back(number(value));
        slots.slots.push_back(std::move(slot));
    }
    avatar.slots = std::move(slots);
    return {};
}

bool write_slots(const Avatar& avatar, ZipWriter& zip) {
    if (avatar.slots->slots.empty()) return false;
    json slots = json::array();
    for (const AttributeSlot& slot : avatar.slots->slots)
        slots.push_back({{"name", slot.name}, {"choice", slot.choice}, {"code", slot.code}});
    zip.add("slots.json", json_text({{"slots", slots}}));
    return true;
}

// ---- light ----

Status read_light(const PartReader& file, Avatar& avatar) {
    if (!file.contains("light.json")) return {};
    const auto read = file.json("light.json");
    if (!read) return read.error();
    Light light;
    for (std::size_t k = 0; k < light.harmonics.size(); ++k)
        for (std::size_t c = 0; c < 3; ++c) light.harmonics[k][c] = number(read->at("harmonics").at(k).at(c));
    light.exposure = number(read->at("exposure"));
    for (std::size_t c = 0; c < 3; ++c) light.white_balance[c] = number(read->at("white_balance").at(c));
    avatar.light = light;
    return {};
}

bool write_light(const Avatar& avatar, ZipWriter& zip) {
    const Light& light = *avatar.light;
    if (light == Light{}) return false;
    zip.add("light.json", json_text({{"harmonics", light.harmonics},
                                     {"exposure", light.exposure},
                                     {"white_balance", light.white_balance}}));
    return true;
}

}  // namespace

Result<Safetensors> PartReader::tensors(const std::string& entry) const {
    auto read = zip_.read(entry);
    if (!read) return read.error();
    return Safetensors::load(*std::move(read), file_ + ": " + entry);
}

Result<json> PartReader::json(const std::string& entry) const {
    const auto read = zip_.read(entry);
    if (!read) return read.error();
    return parse_json({reinterpret_cast<const char*>(read->data()), read->size()}, file_ + ": " + entry);
}

Result<Image> PartReader::picture(const std::string& entry, int max_side) const {
    const auto read = zip_.read(entry);
    if (!read) return read.error();
    auto picture = load_picture_from_memory(*read, file_ + ": " + entry, {.max_side = max_side});
    if (!picture) return picture.error();
    return std::move(picture->image);
}

Error damaged_avatar(const std::string& file, const std::string& detail) {
    return {ErrorCode::bad_input,
            "'" + file + "' is no avatar that can be read: it is damaged or not a .likeness file.", detail};
}

// The source before the person: the first files' own expression is of its controls.
const std::array<PartFile, 9> part_files = {{
    {"source", 1, true, read_source, write_source},
    {"person", 1, true, read_person, write_person},
    {"identity_change", 1, true, read_identity_change, write_identity_change},
    {"surface", 1, true, read_surface, write_surface},
    {"gaussians", 1, true, read_gaussians, write_gaussians},
    {"maps", 2, false, read_maps, write_maps},
    {"paint", 1, false, read_paint, write_paint},
    {"slots", 1, false, read_slots, write_slots},
    {"light", 1, false, read_light, write_light},
}};

std::string part_of(const std::string& entry) { return entry.substr(0, entry.find_first_of("./")); }

json source_to_json(const Avatar& avatar) {
    return {{"file", avatar.source->file},
            {"camera", camera_to_json(avatar.source->camera)},
            {"pose", pose_to_json(*avatar.model, avatar.source->pose)}};
}

}  // namespace likeness
