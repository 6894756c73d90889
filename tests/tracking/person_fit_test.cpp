#include "core/tracking/person_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/parallel.h"
#include "core/tracking/face_follower.h"
#include "tests/tracking/synthetic_portrait.h"

namespace likeness::test {
namespace {

// Somebody whose face no identity of the model has, and who opens the jaw and smiles in a way of their own, seen from
// several sides.
class PersonFitTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const HeadModel& model = *real_head();
        const SyntheticPortrait portrait = synthetic_portrait(0, random);
        camera = portrait.camera;
        Vertices offsets(3, model.vertex_count()), own(3, model.vertex_count());
        for (Eigen::Index v = 0; v < offsets.cols(); ++v) {
            const Eigen::Vector3f p = model.vertices.col(v);
            offsets.col(v) = 0.002f * Eigen::Vector3f(std::sin(60 * p.y()), std::sin(50 * p.x()), 0);
            own.col(v) = 0.004f * Eigen::Vector3f(std::sin(40 * p.x()), std::sin(45 * p.y()), 0);
        }
        who = personalise(model, portrait.identity, &offsets);
        Eigen::VectorXf jaw = Eigen::VectorXf::Zero(model.control_count());
        jaw[model.control("jawOpen")] = 1;
        who.expression = std::make_shared<ExpressionBasis>(join(*model.expression, target_at(own, jaw)));
    }

    LandmarkPoints seen(float yaw, float jaw, float smile, float blink) const {
        const HeadModel& model = *real_head();
        HeadPose pose = HeadPose::neutral(model);
        pose.controls[model.control("jawOpen")] = jaw;
        for (const char* name : {"mouthSmileLeft", "mouthSmileRight"}) pose.controls[model.control(name)] = smile;
        for (const char* name : {"eyeBlinkLeft", "eyeBlinkRight"}) pose.controls[model.control(name)] = blink;
        turn_head(model, {0, yaw, 0}, pose);
        return project_landmarks(model, pose_head(model, who, pose).vertices, camera);
    }

    Random random{5};
    PersonalHead who;
    Camera camera;
};

float mean_distance(const LandmarkPoints& a, const LandmarkPoints& b) {
    float sum = 0;
    for (std::size_t i = 0; i < landmarks::face_count; ++i)
        sum += (a[i] - b[i]).head<2>().norm() / landmarks::face_count;
    return sum / iris_distance(a);
}

// However many threads share the pictures.
TEST_F(PersonFitTest, OneThreadFindsTheSame) {
    const HeadModel& model = *real_head();
    const std::vector<LandmarkPoints> pictures = {seen(0, 0, 0, 0), seen(0.3f, 0.8f, 0, 0), seen(-0.2f, 0.3f, 0.5f, 1)};
    Progress progress;
    const PersonFit shared = fit_person(model, pictures, camera.width, camera.height, {}, progress);
    const LoneWork alone;
    const PersonFit one = fit_person(model, pictures, camera.width, camera.height, {}, progress);
    EXPECT_EQ(one.identity, shared.identity);
    EXPECT_EQ(one.offsets, shared.offsets);
    EXPECT_EQ(one.of_controls, shared.of_controls);
    ASSERT_EQ(one.fits.size(), shared.fits.size());
    for (std::size_t k = 0; k < one.fits.size(); ++k) EXPECT_EQ(one.fits[k].pose, shared.fits[k].pose);
}

TEST_F(PersonFitTest, SeveralPicturesTellShapeAndHowTheFaceMoves) {
    const HeadModel& model = *real_head();
    std::vector<LandmarkPoints> pictures;
    for (const float yaw : {0.0f, 0.3f, -0.3f})
        for (const float jaw : {0.0f, 0.4f, 0.8f}) pictures.push_back(seen(yaw, jaw, yaw == 0 ? 0.5f : 0, 0));
    Progress progress;
    const PersonFit person = fit_person(model, pictures, camera.width, camera.height, {}, progress);
    ASSERT_EQ(person.fits.size(), pictures.size());
    const PersonalHead head = person.head(model);
    const FaceFollower follower(model, head, person.fits[0]);
    // A picture that was not among them.
    const LandmarkPoints fresh = seen(0.15f, 0.6f, 0, 0);
    const auto missed = [&](const FaceFollower& by, const PersonalHead& face, const HeadFit& near) {
        const HeadFit fit = by.fit(fresh, near);
        return mean_distance(fresh, project_landmarks(model, pose_head(model, face, fit.pose).vertices, fit.camera));
    };
    const float with = missed(follower, head, person.fits[0]);
    EXPECT_LT(with, 0.006f);
    // The same without what the person adds to the controls.
    PersonFit plain = person;
    plain.of_controls.setZero();
    const PersonalHead plain_head = plain.head(model);
    const FaceFollower plain_follower(model, plain_head, plain.fits[0]);
    EXPECT_LT(with, 0.7f * missed(plain_follower, plain_head, plain.fits[0]));
    for (const HeadFit& fit : person.fits) EXPECT_FLOAT_EQ(fit.camera.fx, person.fits[0].camera.fx);
}

TEST_F(PersonFitTest, LidsAndLipsMeetWhereTheDetectorHasThemMeet) {
    const HeadModel& model = *real_head();
    std::vector<LandmarkPoints> pictures{seen(0, 0, 0, 0), seen(0.2f, 0.5f, 0, 0.2f), seen(0, 0, 0, 0.8f)};
    Progress progress;
    const PersonFit person = fit_person(model, pictures, camera.width, camera.height, {}, progress);
    const PersonalHead head = person.head(model);
    const FaceFollower follower(model, head, person.fits[0]);
    const auto opening = [](const LandmarkPoints& p) { return (p[159] - p[145]).head<2>().norm(); };
    const LandmarkPoints open = seen(0, 0, 0, 0), closed = seen(0, 0, 0, 1);
    const auto fitted = [&](const LandmarkPoints& points) {
        const HeadFit fit = follower.fit(points, person.fits[0]);
        return opening(project_landmarks(model, pose_head(model, head, fit.pose).vertices, fit.camera));
    };
    EXPECT_GT((fitted(open) - fitted(closed)) / (opening(open) - opening(closed)), 0.9f);
}

TEST_F(PersonFitTest, KeyFramesAreThoseThatDiffer) {
    std::vector<LandmarkPoints> all(20, seen(0, 0, 0, 0));
    all[7] = seen(0.4f, 0, 0, 0);
    all[13] = seen(0, 0.9f, 0, 0);
    all[17] = seen(0, 0, 0, 1);
    std::vector<std::size_t> keys = choose_key_frames(all, 8);
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(keys, (std::vector<std::size_t>{0, 7, 13, 17}));  // nobody twice
    EXPECT_EQ(most_alike(all, seen(0.35f, 0, 0, 0)), 7u);
    EXPECT_TRUE(choose_key_frames({}, 8).empty());
}

}  // namespace
}  // namespace likeness::test
