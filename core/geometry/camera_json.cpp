#include "core/geometry/camera_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace likeness {

nlohmann::json camera_to_json(const Camera& camera) {
    nlohmann::json rows = nlohmann::json::array();
    for (int r = 0; r < 4; ++r) {
        const Eigen::RowVector4f row = camera.world_to_camera.row(r);
        rows.push_back({row[0], row[1], row[2], row[3]});
    }
    return {{"width", camera.width}, {"height", camera.height}, {"fx", camera.fx}, {"fy", camera.fy},
            {"cx", camera.cx},       {"cy", camera.cy},         {"world_to_camera", rows}};
}

Result<Camera> camera_from_json(const nlohmann::json& value) {
    const auto bad = [](const std::string& detail) {
        return Error{ErrorCode::bad_input,
                     "The camera is not complete; it needs width, height, fx, fy, cx, cy and a 4 x 4 world_to_camera.", detail};
    };
    try {
        Camera camera;
        camera.width = value.at("width").get<int>();
        camera.height = value.at("height").get<int>();
        camera.fx = value.at("fx").get<float>();
        camera.fy = value.at("fy").get<float>();
        camera.cx = value.at("cx").get<float>();
        camera.cy = value.at("cy").get<float>();
        for (int r = 0; r < 4; ++r)
            for (int c = 0; c < 4; ++c)
                camera.world_to_camera(r, c) = value.at("world_to_camera").at(std::size_t(r)).at(std::size_t(c)).get<float>();
        if (camera.width < 1 || camera.height < 1 || camera.width > 16384 || camera.height > 16384)
            return bad("width and height must lie in 1..16384");
        if (!(camera.fx > 0 && camera.fy > 0) || !std::isfinite(camera.fx + camera.fy + camera.cx + camera.cy) ||
            !camera.world_to_camera.allFinite())
            return bad("a value out of range");
        return camera;
    } catch (const nlohmann::json::exception& failure) {
        return bad(failure.what());
    }
}

}  // namespace likeness
