#include "core/avatar/avatar_file.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/avatar/hair_shell.h"
#include "core/formats/json_file.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"
#include "core/geometry/camera_json.h"
#include "core/head/head_asset.h"
#include "core/image/load.h"
#include "core/image/save.h"

namespace likeness {
namespace {

using nlohmann::json;

template <class Matrix>
std::span<const float> values(const Matrix& m) {
    return {m.data(), std::size_t(m.size())};
}

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

float number(const json& value) {
    const float x = value.get<float>();
    if (!std::isfinite(x)) throw json::other_error::create(500, "not a finite number", nullptr);
    return x;
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

// The person's expression targets and their map from controls. The first files had one at most, of the source's controls.
Result<ExpressionBasis> read_own_expressions(const Safetensors& person, const HeadModel& model, const HeadPose& source) {
    const std::int64_t vertices = model.vertex_count(), controls = model.control_count();
    ExpressionBasis own;
    if (person.contains("expression")) {
        const auto targets = person.floats("expression", {-1, vertices, 3});
        if (!targets) return targets.error();
        const std::int64_t count = std::int64_t(targets->size()) / (3 * vertices);
        const auto map = person.floats("expression_controls", {count, controls});
        if (!map) return map.error();
        own.targets = Eigen::Map<const Eigen::MatrixXf>(targets->data(), 3 * vertices, count);
        own.control_map = Eigen::Map<const RowMatrix>(map->data(), count, controls);
    } else if (person.contains("own_expression")) {
        const auto target = person.floats("own_expression", {vertices, 3});
        if (!target) return target.error();
        own = target_at(Eigen::Map<const Vertices>(target->data(), 3, vertices), source.controls);
    }
    return own;
}

}  // namespace

Status save_avatar(const std::filesystem::path& path, const Avatar& avatar, const Image& thumbnail) {
    const HeadModel& model = *avatar.model;
    json document = avatar.document.empty() ? json::object() : json::parse(avatar.document, nullptr, false);
    if (!document.is_object()) document = json::object();
    document["format"] = "likeness";
    document["version"] = avatar_file_version;
    document["units"] = "m";
    document["required_features"] = json::array();
    document["head"] = {{"name", model.name}, {"licence", model.licence}, {"hash", head_hash(model)}};
    document["layers"] = layer_names;
    document["gaussians"] = avatar.splats.count;
    document["source"] = {{"file", avatar.source.file},
                          {"camera", camera_to_json(avatar.source.camera)},
                          {"pose", pose_to_json(model, avatar.source.pose)}};

    const AnchoredSplats& s = avatar.splats;
    const auto n = std::int64_t(s.count);
    SafetensorsWriter splats;
    std::vector<float> atlas;
    for (const Eigen::Vector2f& a : s.atlas) atlas.insert(atlas.end(), {a.x(), a.y()});
    std::vector<std::uint8_t> layer;
    for (Layer l : s.layer) layer.push_back(std::uint8_t(l));
    splats.add("atlas", {n, 2}, std::span<const float>(atlas));
    splats.add("layer", {n}, std::span<const std::uint8_t>(layer));
    each_attribute(s, [&](const GaussianAttribute& a, const std::vector<float>& of_all) {
        const std::vector<std::int64_t> shape =
            a.width == 1 ? std::vector{n} : std::vector{n, std::int64_t(a.width)};
        splats.add(a.name, shape, std::span<const float>(of_all));
    });

    SafetensorsWriter person;
    person.add("identity", {avatar.identity.size()}, values(avatar.identity));
    person.add("offsets", {avatar.offsets.cols(), 3}, values(avatar.offsets));
    if (const ExpressionBasis own = avatar.own_expressions(); own.count() > 0) {
        person.add("expression", {own.count(), model.vertex_count(), 3}, values(own.targets));
        person.add("expression_controls", {own.count(), model.control_count()}, values(RowMatrix(own.control_map)));
    }
    person.add("hair_vertices", {avatar.hair.vertices.cols(), 3}, values(avatar.hair.vertices));
    person.add("hair_weights", {avatar.hair.vertices.cols(), model.joint_count()}, values(avatar.hair.weights));

    ZipWriter zip;
    zip.add("avatar.json", document.dump(2));
    // Noise to a compressor, and most of the file: stored, saving takes a quarter of the time.
    zip.add("splats.safetensors", splats.encode(), ZipWriter::Method::stored);
    zip.add("person.safetensors", person.encode(), ZipWriter::Method::stored);
    zip.add("head.safetensors", encode_head(model, avatar.person));
    if (!avatar.source.picture.empty()) zip.add("source.png", encode_png(avatar.source.picture), ZipWriter::Method::stored);
    if (!thumbnail.empty()) zip.add("thumbnail.png", encode_png(thumbnail), ZipWriter::Method::stored);
    return zip.save(path);
}

Result<Avatar> load_avatar(const std::filesystem::path& path, std::shared_ptr<const HeadModel> model) {
    const auto bad = [&](const std::string& detail) {
        return Error{ErrorCode::bad_input, "'" + path.string() + "' is no avatar that can be read: it is damaged or not a .likeness file.",
                     detail};
    };
    ZipLimits limits;
    limits.max_entries = 1000;
    limits.max_entry_bytes = std::uint64_t(512) << 20;
    limits.max_total_bytes = std::uint64_t(2) << 30;
    auto zip = ZipReader::open(path, limits);
    if (!zip) return zip.error();
    const auto text = zip->read("avatar.json");
    if (!text) return bad(text.error().message);
    auto document = parse_json({reinterpret_cast<const char*>(text->data()), text->size()}, path.string());
    if (!document) return document.error();
    const auto tensors = [&](const std::string& name) -> Result<Safetensors> {
        auto bytes = zip->read(name);
        if (!bytes) return bytes.error();
        return Safetensors::load(*std::move(bytes), path.string() + ": " + name);
    };
    Avatar avatar;
    try {
        if (document->value("format", "") != "likeness") return bad("format");
        if (document->at("version").get<int>() > avatar_file_version || !document->value("required_features", json::array()).empty())
            return Error{ErrorCode::bad_input, "'" + path.string() + "' was made by a newer version of Likeness; update to open it.", ""};
        auto person = tensors("person.safetensors");
        if (!person) return person.error();
        const bool same = model && head_hash(*model) == document->at("head").at("hash").get<std::string>();
        if (same) {
            avatar.model = model;
            const auto identity = person->floats("identity", {model->identity_count()});
            if (!identity) return identity.error();
            avatar.identity = Eigen::Map<const Eigen::VectorXf>(identity->data(), Eigen::Index(identity->size()));
            const auto offsets = person->floats("offsets", {model->vertex_count(), 3});
            if (!offsets) return offsets.error();
            avatar.offsets = Eigen::Map<const Vertices>(offsets->data(), 3, model->vertex_count());
        } else {
            auto bytes = zip->read("head.safetensors");
            if (!bytes) return bytes.error();
            auto own = load_head(*std::move(bytes), path.string());
            if (!own) return own.error();
            avatar.model = *own;
            avatar.identity = Eigen::VectorXf(0);
            avatar.offsets = Vertices::Zero(3, avatar.model->vertex_count());
        }
        const auto hair = person->floats("hair_vertices", {-1, 3});
        if (!hair) return hair.error();
        const auto shell = std::int64_t(hair->size()) / 3;
        if (shell != 0 && shell != hair_rows * hair_columns) return bad("hair_vertices");
        const auto weights = person->floats("hair_weights", {shell, avatar.model->joint_count()});
        if (!weights) return weights.error();
        avatar.hair.vertices = Eigen::Map<const Vertices>(hair->data(), 3, shell);
        avatar.hair.weights = Eigen::Map<const Eigen::MatrixXf>(weights->data(), avatar.model->joint_count(), shell);

        if (!avatar.identity.allFinite() || !avatar.offsets.allFinite() || !avatar.hair.vertices.allFinite() ||
            !avatar.hair.weights.allFinite())
            return bad("a head that is not a number");

        auto file = tensors("splats.safetensors");
        if (!file) return file.error();
        AnchoredSplats& s = avatar.splats;
        const auto opacity = file->floats("opacity", {-1});
        if (!opacity) return opacity.error();
        const auto n = std::int64_t(opacity->size());
        s.count = opacity->size();
        for (const GaussianAttribute& a : gaussian_attributes) {
            auto read = file->floats(a.name, a.width == 1 ? std::vector{n} : std::vector{n, std::int64_t(a.width)});
            if (!read) return read.error();
            s.*a.values = *std::move(read);
        }
        if (!all_finite(s)) return bad("a Gaussian that is not a number");
        const auto atlas = file->floats("atlas", {n, 2});
        if (!atlas) return atlas.error();
        const float right = shell > 0 ? 2.0f : 1.0f;
        for (std::size_t i = 0; i < s.count; ++i) {
            const Eigen::Vector2f a((*atlas)[2 * i], (*atlas)[2 * i + 1]);
            if (!(a.x() >= 0 && a.x() <= right && a.y() >= 0 && a.y() <= 1)) return bad("an anchor outside the atlas");
            s.atlas.push_back(a);
        }
        const auto layer = file->bytes("layer", {n});
        if (!layer) return layer.error();
        for (std::uint8_t l : *layer) {
            if (l >= layer_names.size()) return bad("an unknown layer");
            s.layer.push_back(Layer(l));
        }
        const json& source = document->at("source");
        avatar.source.file = source.value("file", "");
        avatar.source.pose = pose_from_json(*avatar.model, source.at("pose"));
        const Result<ExpressionBasis> own = read_own_expressions(*person, *avatar.model, avatar.source.pose);
        if (!own) return own.error();
        if (!own->targets.allFinite() || !own->control_map.allFinite()) return bad("an expression that is not a number");
        avatar.add_expressions(*own);
        const auto camera = camera_from_json(source.at("camera"));
        if (!camera) return bad(camera.error().message);
        avatar.source.camera = *camera;
        avatar.document = document->dump();
    } catch (const json::exception& failure) {
        return bad(failure.what());
    }
    if (zip->contains("source.png")) {
        const auto bytes = zip->read("source.png");
        if (!bytes) return bytes.error();
        auto picture = load_picture_from_memory(*bytes, path.string() + ": source.png");
        if (!picture) return picture.error();
        avatar.source.picture = std::move(picture->image);
    }
    avatar.prepare();
    avatar.rebuild_anchors();
    return avatar;
}

}  // namespace likeness
