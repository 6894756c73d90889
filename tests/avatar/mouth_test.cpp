#include "core/avatar/mouth.h"

#include <gtest/gtest.h>

#include "core/avatar/gaussian_attributes.h"
#include "core/avatar/bust.h"
#include "core/avatar/hair_shell.h"
#include "core/avatar/seed.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

const Eigen::Vector3f skin(0.78f, 0.60f, 0.50f), lip(0.70f, 0.40f, 0.38f), ivory(0.88f, 0.85f, 0.80f), gap(0.12f, 0.06f, 0.05f);

// The default head with lips apart, seen from the front.
struct Smile {
    Avatar avatar;
    Photo photo;

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
        photo.head = seen(avatar.head());
    }
    SeenHead seen(const PersonalHead& person) const {
        return see_head(*avatar.model, pose_head(*avatar.model, person, photo.pose).vertices, photo.camera);
    }
    // As `person` would look.
    void paint(const PersonalHead& person) {
        photo.color = Image(512, 512, 3, 0.5f);
        const auto regions = seen(person).region;
        for (std::size_t i = 0; i < regions.size(); ++i) {
            if (!regions[i]) continue;
            const Eigen::Vector3f color = is_teeth(*regions[i])            ? ivory
                                          : is_mouth(*regions[i])          ? gap
                                          : regions[i] == HeadRegion::lips ? lip
                                                                           : skin;
            std::copy_n(color.data(), 3, &photo.color.pixels[i * 3]);
        }
    }
    // The person with the upper teeth and gums moved down by so many metres.
    PersonalHead with_upper_teeth_moved(float down) const {
        PersonalHead person = avatar.head();
        for (int v = 0; v < avatar.model->vertex_count(); ++v) {
            const HeadRegion region = avatar.model->vertex_region[std::size_t(v)];
            if (region == HeadRegion::teeth_upper || region == HeadRegion::gums_upper) person.vertices(1, v) -= down;
        }
        return person;
    }
};

TEST(Mouth, PartsTakeOnlyColorsThatCanBeTheirs) {
    const Smile smile;
    const MouthColors colors(smile.photo);
    for (const HeadRegion teeth : {HeadRegion::teeth_upper, HeadRegion::teeth_lower}) {
        EXPECT_GT(colors.plausible(teeth, ivory), 0.9f);
        for (const Eigen::Vector3f& other : {lip, gap}) EXPECT_LT(colors.plausible(teeth, other), 0.1f);
    }
    for (const HeadRegion tissue : {HeadRegion::tongue, HeadRegion::gums_upper, HeadRegion::gums_lower}) {
        EXPECT_GT(colors.plausible(tissue, lip), 0.9f);
        for (const Eigen::Vector3f& other : {ivory, gap}) EXPECT_LT(colors.plausible(tissue, other), 0.1f);
    }
    EXPECT_GT(colors.plausible(HeadRegion::mouth_bag, gap), 0.9f);
    EXPECT_LT(colors.plausible(HeadRegion::mouth_bag, ivory), 0.1f);
    EXPECT_GT(colors.plausible(HeadRegion::lips, lip), 0.9f);
    EXPECT_GT(colors.plausible(HeadRegion::lips, skin), 0.8f) << "pale lips are lips";
    for (const Eigen::Vector3f& other : {ivory, gap}) EXPECT_LT(colors.plausible(HeadRegion::lips, other), 0.1f);
    for (const Eigen::Vector3f& any : {lip, ivory, gap}) EXPECT_EQ(colors.plausible(HeadRegion::face, any), 1);
}

TEST(Mouth, UnseenPartsLookLikeAMouth) {
    const Smile smile;
    const MouthColors colors(smile.photo);
    EXPECT_GT(colors.tooth(colors.usual(HeadRegion::teeth_upper)), 0.9f);
    EXPECT_LT(colors.usual(HeadRegion::mouth_bag).sum(), 0.6f * colors.usual(HeadRegion::tongue).sum());
    for (const HeadRegion tissue : {HeadRegion::tongue, HeadRegion::gums_upper, HeadRegion::mouth_bag})
        EXPECT_GT(colors.usual(tissue)[0], 1.3f * colors.usual(tissue)[1]) << int(tissue) << " is red";
}

TEST(Mouth, TeethMoveToWhereThePhotographShowsThem) {
    Smile smile;
    const HeadModel& model = *smile.avatar.model;
    TeethShift shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, 0, 0.0011f);
    smile.paint(smile.with_upper_teeth_moved(0.004f));
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, 0.004f, 0.0011f);
    smile.paint(smile.with_upper_teeth_moved(-0.003f));
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_NEAR(shift.upper, -0.003f, 0.0011f);
    // A closed mouth tells nothing.
    smile.photo.pose = HeadPose::neutral(model);
    smile.photo.head = smile.seen(smile.avatar.head());
    smile.paint(smile.avatar.head());
    shift = teeth_shift(model, smile.avatar.head(), smile.photo);
    EXPECT_EQ(shift.upper, 0);
    EXPECT_EQ(shift.lower, 0);
}

// A face found in the border of a picture that was turned, a silhouette: no color divides by what is black.
TEST(Painting, WhatIsUnseenOrBlackHasAColor) {
    for (const bool outside : {false, true}) {
        Smile smile;
        smile.photo.color = Image(512, 512, 3, 0.0f);
        if (outside) smile.photo.camera.cx += 400;  // hardly anything of the head is in the picture
        smile.photo.head = smile.seen(smile.avatar.head());
        std::vector<float> hair = grow_hair(smile.avatar, smile.photo);
        const SeedOptions options{.density = 0.1f, .bust = 0.04f};
        seed_splats(smile.avatar, {smile.photo, std::move(hair), bust_presence(smile.avatar, smile.photo, options.bust)},
                    places_on_head(*smile.avatar.model, smile.avatar.neutral(), options), options);
        EXPECT_GT(smile.avatar.splats->count, 500u);
        EXPECT_TRUE(all_finite(*smile.avatar.splats)) << outside;
    }
}

}  // namespace
}  // namespace likeness::test
