#include "core/motion/retarget.h"

#include <gtest/gtest.h>

#include <cmath>

namespace likeness::test {
namespace {

const std::vector<std::string> few_names = {"jawOpen", "eyeBlinkLeft", "browInnerUp", "mouthSmileLeft",
                                            "eyeLookUpLeft"};

MotionTrack track_of(const std::vector<std::vector<float>>& frames) {
    MotionTrack track;
    track.names = few_names;
    for (const auto& frame : frames) {
        track.times.push_back(double(track.times.size()) / 30);
        track.weights.insert(track.weights.end(), frame.begin(), frame.end());
    }
    return track;
}

std::shared_ptr<const PoseSource> source_of(MotionTrack track) {
    return std::make_shared<const RecordedMotion>(std::move(track));
}

PoseSample at(const PoseSource& source, double seconds) {
    PoseSample sample;
    EXPECT_TRUE(source.sample(seconds, sample));
    return sample;
}

TEST(Retarget, RelativeMovementsCountFromTheNeutralAndClosedLidsStayClosed) {
    const auto source = source_of(track_of({{0.5f, 1, 0.1f, 0.9f, 0.2f}, {0.3f, 0.2f, 0.3f, 0.4f, 0}}));
    PoseSample neutral;
    neutral.weights = {0.3f, 0.2f, 0.3f, 0.4f, 0};
    const auto relative = retarget(source, {.relative = true}, &neutral);
    const PoseSample moved = at(*relative, 0), still = at(*relative, 1.0 / 30);
    EXPECT_NEAR(moved.weights[0], 0.2f, 1e-6f);
    EXPECT_NEAR(moved.weights[1], 1, 1e-6f);
    EXPECT_NEAR(moved.weights[2], -0.2f, 1e-6f);
    EXPECT_NEAR(moved.weights[3], 0.5f, 1e-6f);
    for (const float x : still.weights) EXPECT_NEAR(x, 0, 1e-6f);
    const PoseSample absolute = at(*retarget(source, {}, &neutral), 0);
    EXPECT_EQ(absolute.weights, (std::vector<float>{0.5f, 1, 0.1f, 0.9f, 0.2f}));
}

TEST(Retarget, GainsChangeTheirOwnPartAlone) {
    MotionTrack track = track_of({{0.4f, 1, 0.2f, 0.3f, 0.5f}, {0.4f, 0.3f, 0.2f, 0.3f, 0.5f}});
    track.head.assign(2, {0, 0.2f, 0});
    track.neck.assign(2, {0, 0.1f, 0});
    track.body.assign(2, {{0, 0, 0.1f}, {0.02f, 0, 0}});
    RetargetOptions options;
    options.gain = {2, 0.5f, 1, 0.5f, 0, 0.5f, 0};  // brows, eyes, gaze, mouth, jaw, head, body
    const auto changed = retarget(source_of(std::move(track)), options, nullptr);
    const PoseSample sample = at(*changed, 0);
    EXPECT_EQ(sample.weights[0], 0);
    EXPECT_NEAR(sample.weights[1], 1, 1e-6f);  // closed stays closed
    EXPECT_NEAR(sample.weights[2], 0.4f, 1e-6f);
    EXPECT_NEAR(sample.weights[3], 0.15f, 1e-6f);
    EXPECT_NEAR(sample.weights[4], 0.5f, 1e-6f);
    EXPECT_NEAR(sample.head->y(), 0.1f, 1e-6f);
    EXPECT_NEAR(sample.neck->y(), 0.05f, 1e-6f);
    EXPECT_TRUE(sample.body->turn.isZero(0) && sample.body->shift.isZero(0));
    const float half_closed = at(*changed, 1.0 / 30).weights[1];
    EXPECT_GT(half_closed, 0.12f);
    EXPECT_LT(half_closed, 0.2f);
}

TEST(Retarget, FacesAreScaledAboutTheirRest) {
    MotionTrack track = track_of({{0, 0, 0, 0, 0}});
    FaceShape now;
    now.points.setConstant(1.1f);
    now.left_lids = 0;
    now.right_lids = 0.1f;
    track.face_rest.points.setConstant(1);
    track.face_rest.left_lids = track.face_rest.right_lids = 0.2f;
    track.face = {now};
    RetargetOptions options;
    options.gain[std::size_t(MotionGroup::mouth)] = 2;
    options.gain[std::size_t(MotionGroup::brows)] = 0;
    options.gain[std::size_t(MotionGroup::eyes)] = 2;
    const PoseSample sample = at(*retarget(source_of(std::move(track)), options, nullptr), 0);
    EXPECT_NEAR(sample.face->now.points(0, 0), 1.2f, 1e-5f);  // a corner of the mouth
    EXPECT_NEAR(sample.face->now.points(0, 22), 1, 1e-5f);    // a brow
    EXPECT_NEAR(sample.face->now.left_lids, 0, 1e-6f);
    EXPECT_NEAR(sample.face->now.right_lids, 0.05f, 1e-5f);  // a quarter of the rest's
}

TEST(Retarget, TheNeutralIsTheFaceThatIsMadeMost) {
    std::vector<std::vector<float>> frames;
    for (int n = 0; n < 120; ++n) {
        const float phase = 0.37f * float(n);
        if (n % 3 == 0)
            frames.push_back({0.05f, 0.1f, 0.2f, 0.1f, n % 2 ? 0.8f : 0.0f});
        else  // speech, blinks
            frames.push_back({0.4f + 0.3f * std::sin(phase), n % 5 == 0 ? 1.0f : 0.1f,
                              0.4f + 0.2f * std::cos(3 * phase), 0.5f + 0.3f * std::cos(phase), 0.1f});
    }
    MotionTrack track = track_of(frames);
    track.head.assign(120, {0, 0.1f, 0});
    for (int n = 0; n < 120; ++n)
        if (n % 3 != 0) track.head[std::size_t(n)] = {0.5f, -0.4f, 0};  // speaking to somebody beside
    const auto neutral = neutral_of(track);
    ASSERT_TRUE(neutral);
    EXPECT_NEAR(neutral->weights[0], 0.05f, 0.02f);
    EXPECT_NEAR(neutral->weights[1], 0.1f, 0.02f);
    EXPECT_NEAR(neutral->weights[2], 0.2f, 0.02f);
    EXPECT_NEAR(neutral->weights[3], 0.1f, 0.02f);
    EXPECT_NEAR((*neutral->head - Eigen::Vector3f(0, 0.1f, 0)).norm(), 0, 1e-6f);
    EXPECT_FALSE(neutral_of(MotionTrack()));
    EXPECT_TRUE(neutral_of(track_of({{0, 1, 0, 0, 0}})));  // closed eyes are better than nothing
}

// The camera stands 14 degrees above the calm face: that is no movement. Much more is one in part, without a step.
TEST(Retarget, TheNeutralIsHowTheCalmHeadIsHeld) {
    const auto pitch_of = [](float pitch) {
        MotionTrack track = track_of({{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}});
        track.head.assign(2, {pitch, 0, 0.2f});
        return *neutral_of(track)->head;
    };
    EXPECT_NEAR((pitch_of(0.25f) - Eigen::Vector3f(0.25f, 0, 0)).norm(), 0, 1e-6f);
    float before = 0.25f;
    for (float pitch = 0.26f; pitch < 1.5f; pitch += 0.01f) {
        const float now = pitch_of(pitch).x();
        EXPECT_GE(now, before);
        EXPECT_LT(now - before, 0.011f);
        before = now;
    }
    EXPECT_GT(before, 0.55f);
    EXPECT_LT(before, 0.61f);
}

// Of two calm faces the one is made with lowered eyes, the head aside and down, only for a while.
TEST(Retarget, TheNeutralHeadIsTheOneThatLooks) {
    MotionTrack track = track_of(std::vector<std::vector<float>>(90, {0, 0.1f, 0, 0, 0}));
    for (int n = 0; n < 90; ++n) {
        const bool down = n < 40, aside = n >= 40 && n < 50;
        FaceShape face;
        face.left_lids = face.right_lids = down ? 0.15f : 0.3f;
        face.points.setConstant(down || aside ? 0.001f : 0.05f + 0.0001f * float(n));  // over that at rest
        track.face.push_back(face);
        track.head.push_back(down    ? Eigen::Vector3f(0.3f, 0, 0)
                             : aside ? Eigen::Vector3f(0.1f, 0.3f, 0)
                                     : Eigen::Vector3f(0.02f, -0.03f, 0));
    }
    const auto neutral = neutral_of(track);
    ASSERT_TRUE(neutral && neutral->head && neutral->face);
    EXPECT_NEAR((*neutral->head - Eigen::Vector3f(0.02f, -0.03f, 0)).norm(), 0, 1e-6f);
    EXPECT_FLOAT_EQ(neutral->face->now.left_lids, 0.3f);
}

TEST(Retarget, ADriverWhoseEyesStayClosedHasANeutral) {
    MotionTrack track = track_of({{0, 1, 0, 0, 0}, {0, 1, 0, 0, 0}});
    FaceShape closed;
    closed.left_lids = closed.right_lids = -0.01f;
    track.face.assign(2, closed);
    const auto neutral = neutral_of(track);
    ASSERT_TRUE(neutral && neutral->face);
    EXPECT_EQ(neutral->face->now.left_lids, 0);
}

TEST(Retarget, SmoothingTakesTrembleAndLeavesBlinksInTime) {
    std::vector<std::vector<float>> frames;
    for (int n = 0; n < 90; ++n) {
        const float blink = n >= 43 && n <= 47 ? 1 - std::abs(float(n) - 45) / 3 : 0;
        frames.push_back({0.4f + (n % 2 ? 0.02f : -0.02f), blink, 0, 0, 0});
    }
    const auto smooth = retarget(source_of(track_of(frames)), {.smoothing = 0.5f}, nullptr);
    float tremble = 0, deepest = 0;
    int when = 0;
    for (int n = 30; n < 60; ++n) {
        const PoseSample sample = at(*smooth, n / 30.0);
        tremble = std::max(tremble, std::abs(sample.weights[0] - 0.4f));
        if (sample.weights[1] > deepest) {
            deepest = sample.weights[1];
            when = n;
        }
    }
    EXPECT_LT(tremble, 0.006f);
    EXPECT_GT(deepest, 0.8f);
    EXPECT_EQ(when, 45);
    EXPECT_EQ(smooth->names(), few_names);
    EXPECT_DOUBLE_EQ(*smooth->duration(), 3);
}

class Newest : public PoseSource {
  public:
    const std::vector<std::string>& names() const override { return few_names; }
    bool moves_head() const override { return false; }
    double rate() const override { return 30; }
    std::optional<double> duration() const override { return std::nullopt; }
    bool sample(double, PoseSample& sample) const override {
        if (count == 0) return false;
        sample.weights = {value, 0, 0, 0, 0};
        return true;
    }
    std::uint64_t arrived() const override { return count; }
    float value = 0;
    std::uint64_t count = 0;
};

TEST(Retarget, LiveSourcesAreSmoothedAsTheyCome) {
    const auto live = std::make_shared<Newest>();
    const auto smooth = retarget(live, {.smoothing = 1}, nullptr);
    PoseSample sample;
    EXPECT_FALSE(smooth->sample(0, sample));
    for (int n = 0; n < 200; ++n) {
        live->value = n % 2 ? 0.42f : 0.38f;
        ++live->count;
        ASSERT_TRUE(smooth->sample(0, sample));
        const float once = sample.weights[0];
        ASSERT_TRUE(smooth->sample(0, sample));  // nothing new arrived
        EXPECT_NEAR(sample.weights[0], once, 1e-4f);
    }
    EXPECT_NEAR(sample.weights[0], 0.4f, 0.01f);
    EXPECT_EQ(smooth->arrived(), 200u);
}

}  // namespace
}  // namespace likeness::test
