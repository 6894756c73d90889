#include <gtest/gtest.h>

#include "core/avatar/mouth.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

const Eigen::Vector3f skin(0.78f, 0.60f, 0.50f), lip(0.70f, 0.40f, 0.38f), ivory(0.88f, 0.85f, 0.80f), gap(0.12f, 0.06f, 0.05f);

// The default head with lips apart, seen from the front.
struct Smile {
    Avatar avatar;
    Photo photo;
    std::vector<int> regions;

    Smile() {
        avatar.model = real_head();
        avatar.person.edit().identity = Eigen::VectorXf::Zero(avatar.model->identity_count());
        avatar.prepare();
        photo.pose = HeadPose::neutral(*avatar.model);
        for (const char* control : {"jawOpen", "mouthUpperUpLeft", "mouthUpperUpRight"})
            photo.pose.controls[avatar.model->control(control)] = 0.6f;
        photo.camera = default_camera(avatar, 512, 512);
        for (Image* image : {&photo.alpha, &photo.skin}) *image = Image(512, 512, 1, 1.0f);
        photo.hair = photo.cloth = Image(512, 512, 1, 0.0f);
        paint(avatar.head());
        regions = seen_regions(*avatar.model, pose_head(*avatar.model, avatar.head(), photo.pose).vertices, photo.camera);
    }
    // As `person` would look.
    void paint(const PersonalHead& person) {
        const HeadModel& model = *avatar.model;
        photo.color = Image(512, 512, 3, 0.5f);
        const auto seen = seen_regions(model, pose_head(model, person, photo.pose).vertices, photo.camera);
        for (std::size_t i = 0; i < seen.size(); ++i) {
            if (seen[i] < 0) continue;
            const std::string& name = model.region_names[std::size_t(seen[i])];
            const bool teeth = name == "teeth_upper" || name == "teeth_lower";
            const bool inside = name == "mouth_bag" || name == "tongue" || name == "gums_upper" || name == "gums_lower";
            const Eigen::Vector3f color = teeth ? ivory : inside ? gap : name == "lips" ? lip : skin;
            std::copy_n(color.data(), 3, &photo.color.pixels[i * 3]);
        }
    }
    // The person with teeth and gums of one row moved down by so many metres.
    PersonalHead with_teeth_moved(const std::string& row, float down) const {
        PersonalHead person = avatar.head();
        for (int v = 0; v < avatar.model->vertex_count(); ++v) {
            const std::string& name = avatar.model->region_names[avatar.model->vertex_region[std::size_t(v)]];
            if (name == "teeth_" + row || name == "gums_" + row) person.vertices(1, v) -= down;
        }
        return person;
    }
};

TEST(Mouth, PartsTakeOnlyColorsThatCanBeTheirs) {
    const Smile smile;
    const MouthColors colors(smile.photo, *smile.avatar.model, smile.regions);
    const auto plausible = [&](const char* region, const Eigen::Vector3f& color) {
        return colors.plausible(smile.avatar.model->region(region), color);
    };
    for (const char* teeth : {"teeth_upper", "teeth_lower"}) {
        EXPECT_GT(plausible(teeth, ivory), 0.9f);
        for (const Eigen::Vector3f& other : {lip, gap}) EXPECT_LT(plausible(teeth, other), 0.1f);
    }
    for (const char* tissue : {"tongue", "gums_upper", "gums_lower"}) {
        EXPECT_GT(plausible(tissue, lip), 0.9f);
        for (const Eigen::Vector3f& other : {ivory, gap}) EXPECT_LT(plausible(tissue, other), 0.1f);
    }
    EXPECT_GT(plausible("mouth_bag", gap), 0.9f);
    EXPECT_LT(plausible("mouth_bag", ivory), 0.1f);
    EXPECT_GT(plausible("lips", lip), 0.9f);
    EXPECT_GT(plausible("lips", skin), 0.8f) << "pale lips are lips";
    for (const Eigen::Vector3f& other : {ivory, gap}) EXPECT_LT(plausible("lips", other), 0.1f);
    for (const Eigen::Vector3f& any : {lip, ivory, gap}) EXPECT_EQ(plausible("face", any), 1);
}

TEST(Mouth, UnseenPartsLookLikeAMouth) {
    const Smile smile;
    const MouthColors colors(smile.photo, *smile.avatar.model, smile.regions);
    const auto usual = [&](const char* region) { return colors.usual(smile.avatar.model->region(region)); };
    EXPECT_GT(colors.tooth(usual("teeth_upper")), 0.9f);
    EXPECT_LT(usual("mouth_bag").sum(), 0.6f * usual("tongue").sum());
    for (const char* tissue : {"tongue", "gums_upper", "mouth_bag"})
        EXPECT_GT(usual(tissue)[0], 1.3f * usual(tissue)[1]) << tissue << " is red";
}

TEST(Mouth, TeethMoveToWhereThePhotographShowsThem) {
    Smile smile;
    const HeadModel& model = *smile.avatar.model;
    TeethShift shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, 0, 0.0011f);
    smile.paint(smile.with_teeth_moved("upper", 0.004f));
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, 0.004f, 0.0011f);
    smile.paint(smile.with_teeth_moved("upper", -0.003f));
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, -0.003f, 0.0011f);
    // A closed mouth tells nothing.
    smile.photo.pose = HeadPose::neutral(model);
    smile.paint(smile.avatar.head());
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_EQ(shift.upper, 0);
    EXPECT_EQ(shift.lower, 0);
}

}  // namespace
}  // namespace likeness::test
