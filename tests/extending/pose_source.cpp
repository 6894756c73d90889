// A source of poses (a video, a camera, a stream): a PoseSource (1), handed to MotionService::play (2). What opens it
// is a command of yours. A live one (tests/studio/motion_test.cpp has one) has no duration(), counts its poses in
// arrived(), guards what its thread brings and joins that in its destructor. One that follows faces lies in
// core/pipeline, where fit_frame() is; others in core/motion.
#include "core/motion/pose_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/studio/studio_fixtures.h"

namespace likeness {
namespace {

// A jaw that opens and closes once a second, as long as one looks.
class Chewing : public PoseSource {
  public:
    const std::vector<std::string>& names() const override { return names_; }
    bool moves_head() const override { return false; }
    double rate() const override { return 60; }
    std::optional<double> duration() const override { return 1; }
    bool sample(double seconds, PoseSample& sample) const override {
        sample.weights = {float(0.5 - 0.5 * std::cos(2 * std::numbers::pi * seconds))};
        sample.head.reset();
        return true;
    }

  private:
    const std::vector<std::string> names_ = {"jawOpen"};
};

TEST(Extending, APoseSource) {
    const test::TemporaryFolder folder("extending_pose_source");
    test::StudioBench bench(folder.path);
    bench.run("file.open", {{"path", test::save_ball(folder.path / "a.likeness").string()}});
    Studio& studio = *bench.studio;
    studio.motions().play(std::make_shared<Chewing>(), "chewing");
    ASSERT_TRUE(studio.execute("motion.seek", {{"seconds", 0.5}}));
    // As far as opens this face so (core/pipeline/playback_match.h).
    EXPECT_NEAR(studio.shown_pose().controls[studio.document().model()->control("jawOpen")], 1, 0.05f);
}

}  // namespace
}  // namespace likeness
