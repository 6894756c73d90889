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
        // nlohmann's get() also turns booleans and numbers that do not fit into something.
        const auto number = [](const nlohmann::json& from) {
            if (!from.is_number()) throw nlohmann::json::type_error::create(302, "not a number", nullptr);
            return from.get<float>();
        };
        const auto pixels = [](const nlohmann::json& from) {
            const double size = from.is_number() ? from.get<double>() : 0;
            return size >= 1 && size <= 16384 && size == std::floor(size) ? int(size) : 0;
        };
        Camera camera;
        camera.width = pixels(value.at("width"));
        camera.height = pixels(value.at("height"));
        camera.fx = number(value.at("fx"));
        camera.fy = number(value.at("fy"));
        camera.cx = number(value.at("cx"));
        camera.cy = number(value.at("cy"));
        for (int r = 0; r < 4; ++r)
            for (int c = 0; c < 4; ++c)
                camera.world_to_camera(r, c) = number(value.at("world_to_camera").at(std::size_t(r)).at(std::size_t(c)));
        if (camera.width < 1 || camera.height < 1)
            return bad("width and height must lie in 1..16384");
        if (!(camera.fx > 0 && camera.fy > 0) || !std::isfinite(camera.fx + camera.fy + camera.cx + camera.cy) ||
            !camera.world_to_camera.allFinite())
            return bad("a value out of range");
        const Eigen::Matrix3f turn = camera.world_to_camera.topLeftCorner<3, 3>();
        if (!((turn * turn.transpose() - Eigen::Matrix3f::Identity()).norm() < 1e-3f) || turn.determinant() < 0 ||
            !camera.world_to_camera.row(3).isApprox(Eigen::RowVector4f(0, 0, 0, 1)))
            return bad("world_to_camera is no rotation and translation");
        return camera;
    } catch (const nlohmann::json::exception& failure) {
        return bad(failure.what());
    }
}

}  // namespace likeness
