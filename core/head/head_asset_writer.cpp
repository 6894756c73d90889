#include <nlohmann/json.hpp>
#include <span>

#include "core/formats/safetensors.h"
#include "core/head/head_asset.h"
#include "core/head/mediapipe_landmarks.h"

namespace likeness {

std::vector<std::uint8_t> encode_head(const HeadModel& model, const PersonalHead& person) {
    const std::int64_t vertices = model.vertex_count(), faces = std::int64_t(model.triangles.size()),
                       joints = model.joint_count(), controls = model.control_count(),
                       expressions = model.expression->count();
    const auto floats = [](const auto& m) { return std::span<const float>(m.data(), std::size_t(m.size())); };
    const auto indices = [](const Triangles& triangles) {
        std::vector<std::int32_t> list;
        for (const Eigen::Vector3i& t : triangles) list.insert(list.end(), t.data(), t.data() + 3);
        return list;
    };
    SafetensorsWriter file;
    file.add("vertices", {vertices, 3}, floats(person.vertices));
    file.add("triangles", {faces, 3}, std::span<const std::int32_t>(indices(model.triangles)));
    std::vector<float> uv;
    for (const Eigen::Vector2f& p : model.uv) uv.insert(uv.end(), {p.x(), p.y()});
    file.add("uv", {std::int64_t(model.uv.size()), 2}, std::span<const float>(uv));
    file.add("triangle_uv", {faces, 3}, std::span<const std::int32_t>(indices(model.triangle_uv)));
    std::vector<std::uint8_t> vertex_region, triangle_region;
    for (const HeadRegion r : model.vertex_region) vertex_region.push_back(std::uint8_t(r));
    for (const HeadRegion r : model.triangle_region) triangle_region.push_back(std::uint8_t(r));
    std::vector<std::string> region_names(head_region_names.begin(), head_region_names.end());
    for (const OtherRegion& other : model.other_regions) {
        for (const int v : other.vertices) vertex_region[std::size_t(v)] = std::uint8_t(region_names.size());
        for (const int t : other.triangles) triangle_region[std::size_t(t)] = std::uint8_t(region_names.size());
        region_names.push_back(other.name);
    }
    file.add("vertex_region", {vertices}, std::span<const std::uint8_t>(vertex_region));
    file.add("triangle_region", {faces}, std::span<const std::uint8_t>(triangle_region));
    file.add("mirror_vertex", {vertices}, std::span<const std::int32_t>(model.mirror_vertex));
    file.add("identity", {0, vertices, 3}, std::span<const float>());
    file.add("identity_range", {0, 2}, std::span<const float>());
    file.add("joint_identity", {0, joints, 3}, std::span<const float>());
    file.add_half("expression", {expressions, vertices, 3}, floats(model.expression->targets));
    file.add("control_expression", {controls, expressions}, floats(model.expression->control_map));
    if (model.correctives.size() > 0)
        file.add_half("correctives", {9 * joints, vertices, 3}, floats(model.correctives));
    file.add("control_joint", {controls, joints, 3}, floats(model.control_joint));
    file.add("joint_position", {joints, 3}, floats(person.joint_position));
    file.add("joint_parent", {joints}, std::span<const std::int32_t>(model.joint_parent));
    std::vector<float> limits;
    for (Eigen::Index i = 0; i < model.joint_low.size(); ++i)
        limits.insert(limits.end(), {model.joint_low.data()[i], model.joint_high.data()[i]});
    file.add("joint_limit", {joints, 3, 2}, std::span<const float>(limits));
    file.add("weights", {vertices, joints}, floats(model.weights));
    for (const LandmarkEmbedding& embedding : model.embeddings) {
        const std::string suffix = embedding.scheme == landmarks::scheme ? "" : "." + embedding.scheme;
        const auto points = std::int64_t(embedding.points.size());
        std::vector<std::int32_t> triangle;
        std::vector<float> barycentric;
        for (const SurfacePoint& p : embedding.points) {
            triangle.push_back(p.triangle);
            barycentric.insert(barycentric.end(), p.barycentric.data(), p.barycentric.data() + 3);
        }
        file.add("landmark_triangle" + suffix, {points}, std::span<const std::int32_t>(triangle));
        file.add("landmark_barycentric" + suffix, {points, 3}, std::span<const float>(barycentric));
    }
    file.set_metadata("format", "likeness-head");
    file.set_metadata("version", "1");
    file.set_metadata("name", model.name);
    file.set_metadata("licence", model.licence);
    file.set_metadata("units", "m");
    file.set_metadata("identity_names", "[]");
    file.set_metadata("control_names", nlohmann::json(model.control_names).dump());
    file.set_metadata("joint_names", nlohmann::json(model.joint_names).dump());
    file.set_metadata("region_names", nlohmann::json(region_names).dump());
    return file.encode();
}

}  // namespace likeness
