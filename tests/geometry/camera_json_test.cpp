#include "core/geometry/camera_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace likeness::test {
namespace {

using nlohmann::json;

Camera a_camera() {
    Camera camera;
    camera.width = 640;
    camera.height = 481;
    camera.fx = 901.123456f;
    camera.fy = 0.1f + 880;
    camera.cx = -330.7f;  // the principal point is free
    camera.cy = 1e4f / 3;
    camera.world_to_camera = look_at({0.3f, 0.1f, 0.9f}, {0.01f, 0.02f, 0.03f});
    return camera;
}

TEST(CameraJson, RoundTripIsExact) {
    const Camera camera = a_camera();
    const auto back = camera_from_json(json::parse(camera_to_json(camera).dump()));
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->width, camera.width);
    EXPECT_EQ(back->height, camera.height);
    EXPECT_EQ(back->fx, camera.fx);
    EXPECT_EQ(back->fy, camera.fy);
    EXPECT_EQ(back->cx, camera.cx);
    EXPECT_EQ(back->cy, camera.cy);
    EXPECT_EQ(back->world_to_camera, camera.world_to_camera);
}

TEST(CameraJson, RowsAreRows) {
    const json written = camera_to_json(a_camera());
    EXPECT_FLOAT_EQ(written["world_to_camera"][0][3].get<float>(), a_camera().world_to_camera(0, 3));
    EXPECT_EQ(written["world_to_camera"][3], json({0, 0, 0, 1}));
}

void refused(const json& value, const std::string& why) {
    const auto camera = camera_from_json(value);
    ASSERT_FALSE(camera) << why << ": " << value.dump();
    EXPECT_EQ(camera.error().code, ErrorCode::bad_input) << why;
    EXPECT_NE(camera.error().message.find("world_to_camera"), std::string::npos) << "the sentence says what is needed";
}

TEST(CameraJson, Refusals) {
    const json good = camera_to_json(a_camera());
    for (const auto& [name, value] : good.items()) {
        json bad = good;
        bad.erase(name);
        refused(bad, "without " + name);
        for (const json& other : {json("text"), json(), json::object(), json::array(), json(true)}) {
            bad[name] = other;
            refused(bad, name + " of another type");
        }
    }
    for (const json& other : {json(), json(3), json("x"), json::array(), json::object()}) refused(other, "no camera");
    for (const char* name : {"width", "height"})
        for (const json& value : {json(0), json(-5), json(16385), json(4294967297), json(1e300), json(12.5)}) {
            json bad = good;
            bad[name] = value;
            refused(bad, name);
        }
    for (const char* name : {"fx", "fy"})
        for (const json& value : {json(0.0), json(-1.0), json(1e60), json(std::numeric_limits<double>::quiet_NaN())}) {
            json bad = good;
            bad[name] = value;
            refused(bad, name);
        }
    for (const char* name : {"cx", "cy"}) {
        json bad = good;
        bad[name] = 1e60;
        refused(bad, name);
    }
}

TEST(CameraJson, RefusesMatricesThatAreNoRigidMotion) {
    const json good = camera_to_json(a_camera());
    json bad = good;
    bad["world_to_camera"].erase(3);
    refused(bad, "three rows");
    bad = good;
    bad["world_to_camera"][1].erase(3);
    refused(bad, "a row of three");
    bad = good;
    bad["world_to_camera"][2][3] = 1e60;
    refused(bad, "an infinite distance");
    bad = good;
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 3; ++c) bad["world_to_camera"][r][c] = good["world_to_camera"][r][c].get<double>() * 2;
    refused(bad, "a scale");
    bad = good;
    for (int c = 0; c < 4; ++c) bad["world_to_camera"][0][c] = -good["world_to_camera"][0][c].get<double>();
    refused(bad, "a mirror");
    bad = good;
    bad["world_to_camera"][3] = {0, 0, 1, 0};
    refused(bad, "a projective last row");
    // Numbers typed with four digits are good enough.
    json rounded = good;
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 4; ++c)
            rounded["world_to_camera"][r][c] = std::round(good["world_to_camera"][r][c].get<double>() * 1e4) / 1e4;
    EXPECT_TRUE(camera_from_json(rounded));
}

}  // namespace
}  // namespace likeness::test
