// Detector and fit on real photographs.
#include "core/tracking/portrait_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/vision/face_models.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

FaceModels& models() {
    static const std::unique_ptr<FaceModels> loaded = [] {
        auto result = FaceModels::load();
        if (!result) throw std::runtime_error(result.error().message);
        return *std::move(result);
    }();
    return *loaded;
}

HeadFit fit_picture(const std::filesystem::path& file) {
    auto loaded = load_picture(file);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    const Image picture =
        loaded->image.channels == 4 ? composite_over(loaded->image, {0.5f, 0.5f, 0.5f}) : loaded->image;
    auto faces = models().detect_faces(picture);
    if (!faces) throw std::runtime_error(faces.error().message);
    LandmarkOptions options;
    options.crops = 8;
    const auto found = models().find_landmarks(picture, faces->front(), options);
    if (!found) throw std::runtime_error(found.error().message);
    LandmarkPoints points;
    std::copy(found->points.begin(), found->points.end(), points.begin());
    SolverOptions solver;
    if (loaded->focal_35mm)
        solver.focal_pixels = *loaded->focal_35mm * std::hypot(float(picture.width), float(picture.height)) / 43.27f;
    return PortraitFitter(real_head()).fit(points, picture.width, picture.height, solver);
}

void expect_plausible(const HeadFit& fit, const std::string& name) {
    const float distance = fit.camera.world_to_camera(2, 3);
    EXPECT_GT(distance, 0.25f) << name;
    EXPECT_LT(distance, 4.0f) << name;
    EXPECT_LT(fit.head_rotation.norm(), 1.3f) << name;
    EXPECT_LT(fit.offsets.colwise().norm().maxCoeff(), 0.06f) << name;
    EXPECT_LE(fit.landmark_error, fit.model_error) << name;
}

TEST(RealPortraits, TheSample) {
    const HeadFit fit = fit_picture(std::filesystem::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png");
    expect_plausible(fit, "astronaut");
    RecordProperty("model_error", std::to_string(fit.model_error));
    EXPECT_LT(fit.model_error, 0.03f);
    EXPECT_LT(fit.landmark_error, 0.015f);
    EXPECT_GT(fit.pose.controls[real_head()->control("mouthSmileLeft")] +
                  fit.pose.controls[real_head()->control("mouthSmileRight")],
              0.5f)
        << "she smiles";
}

TEST(RealPortraits, All) {
    const char* set = std::getenv("LIKENESS_TEST_DATA");
    const std::filesystem::path folder =
        std::filesystem::path(set && *set ? set : LIKENESS_DEFAULT_TEST_DATA) / "portraits";
    if (!std::filesystem::is_directory(folder))
        GTEST_SKIP() << "There are no portraits in " << folder
                     << "; set LIKENESS_TEST_DATA to the folder that has portraits/.";
    std::vector<float> model_errors, errors;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".png" && entry.path().extension() != ".jpg") continue;
        SCOPED_TRACE(name);
        const HeadFit fit = fit_picture(entry.path());
        expect_plausible(fit, name);
        RecordProperty(entry.path().stem().string(),
                       std::to_string(fit.model_error) + " " + std::to_string(fit.landmark_error));
        std::printf("%-36s model %.2f %%  with offsets %.2f %%\n", name.c_str(), 100 * double(fit.model_error),
                    100 * double(fit.landmark_error));
        EXPECT_LT(fit.model_error, 0.03f);
        model_errors.push_back(fit.model_error);
        errors.push_back(fit.landmark_error);
    }
    ASSERT_GE(model_errors.size(), 5u);
    std::sort(model_errors.begin(), model_errors.end());
    std::sort(errors.begin(), errors.end());
    EXPECT_LT(model_errors[model_errors.size() / 2], 0.018f);
    EXPECT_LT(errors[errors.size() / 2], 0.012f);
    EXPECT_LT(errors.back(), 0.02f);
}

}  // namespace
}  // namespace likeness::test
