#include <gtest/gtest.h>

#include "core/formats/zip.h"
#include "core/vision/blendshapes.h"
#include "tests/formats/temporary_folder.h"
#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

float score(const std::array<float, 52>& scores, std::string_view name) {
    for (std::size_t i = 0; i < arkit_names.size(); ++i)
        if (arkit_names[i] == name) return scores[i];
    ADD_FAILURE() << "no blendshape " << name;
    return 0;
}

TEST(Blendshapes, RefusesAFileThatIsNone) {
    const auto estimator = BlendshapeEstimator::load(std::string(LIKENESS_SAMPLE_FOLDER) + "/astronaut.png");
    ASSERT_FALSE(estimator);
    EXPECT_EQ(estimator.error().code, ErrorCode::bad_input);

    const test::TemporaryFolder folder("blendshapes");
    ZipWriter zip;
    zip.add("face_detector.tflite", "x");
    ASSERT_TRUE(zip.save(folder.path / "other.task"));
    const auto other = BlendshapeEstimator::load(folder.path / "other.task");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::bad_input);
    EXPECT_NE(other.error().message.find("get face_landmarker.task again"), std::string::npos);
    EXPECT_NE(other.error().detail.find("face_blendshapes.tflite"), std::string::npos) << other.error().detail;
}

TEST(Blendshapes, OpenMouthAndSmile) {
    const auto data = test::test_data();
    const auto task = data ? *data / "models" / "mediapipe" / "face_landmarker.task" : std::filesystem::path();
    if (!data || !std::filesystem::exists(task))
        GTEST_SKIP() << "face_landmarker.task is not here; set LIKENESS_TEST_DATA to the folder that has it.";
    const auto estimator = BlendshapeEstimator::load(task);
    ASSERT_TRUE(estimator) << estimator.error().detail;
    const auto scores_of = [&](const char* name) {
        const auto face = test::models().find_landmarks(test::load(*data / "portraits" / name), {.crops = 4});
        EXPECT_TRUE(face);
        const auto scores = (*estimator)->estimate(*face);
        EXPECT_TRUE(scores);
        return *scores;
    };
    const auto open = scores_of("liveportrait_d9_open_mouth.jpg");
    EXPECT_GT(score(open, "jawOpen"), 0.4f);
    const auto smile = scores_of("obama_official_2012.jpg");
    EXPECT_GT(score(smile, "mouthSmileLeft"), 0.4f);
    EXPECT_GT(score(smile, "mouthSmileRight"), 0.4f);
    EXPECT_LT(score(smile, "jawOpen"), 0.3f);
    EXPECT_EQ(score(smile, "tongueOut"), 0.0f);
}

}  // namespace
}  // namespace likeness
