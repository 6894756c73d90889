// What is found by a head's names: joints, the other side of each, sliders of its shape.
#include <gtest/gtest.h>

#include <set>

#include "core/head/head_names.h"
#include "core/head/makehuman_names.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

TEST(HeadNames, JointsAreFoundInAnyOrder) {
    HeadModel head = *ball_head();
    EXPECT_EQ(head.joints.neck, 1);
    EXPECT_EQ(head.joints.head, 2);
    head.joint_names = {"jaw", "eye_right", "spine", "head", "eye_left", "neck"};
    resolve_names(head);
    EXPECT_EQ(head.joints.jaw, 0);
    EXPECT_EQ(head.joints.eye_right, 1);
    EXPECT_EQ(head.joints.head, 3);
    EXPECT_EQ(head.joints.eye_left, 4);
    EXPECT_EQ(head.joints.neck, 5);
    EXPECT_EQ(head.mirror_joint, (std::vector<int>{0, 4, 2, 3, 1, 5}));
    head.joint_names[0] = "chin";
    resolve_names(head);
    EXPECT_EQ(head.joints.jaw, -1);
}

TEST(HeadNames, EachHasItsOtherSide) {
    EXPECT_EQ(mirrored_name("eyeBlinkLeft"), "eyeBlinkRight");
    EXPECT_EQ(mirrored_name("jawRight"), "jawLeft");
    EXPECT_EQ(mirrored_name("eye_left"), "eye_right");
    EXPECT_EQ(mirrored_name("jawOpen"), "jawOpen");
    EXPECT_EQ(mirrored_name("eyeLookOutLeft"), "eyeLookOutRight");
    const auto head = ball_head();
    for (const char* middle : {"jawOpen", "eyeLookOutLeft"})  // whose other side is missing on this head
        EXPECT_EQ(head->mirror_control[std::size_t(head->control(middle))], head->control(middle));
    EXPECT_EQ(head->mirror_control[std::size_t(head->control("jawLeft"))], head->control("jawRight"));
}

TEST(HeadNames, MirroringAPoseTwiceIsNothing) {
    const auto head = ball_head(1);
    Random random(5);
    HeadPose pose = random_pose(*head, random);
    pose.controls[head->control("eyeLookOutLeft")] = 0;
    const HeadPose once = pose.mirrored(*head);
    EXPECT_NE(once.controls, pose.controls);
    EXPECT_EQ(once.mirrored(*head), pose);
    EXPECT_EQ(once.controls[head->control("jawLeft")], pose.controls[head->control("jawRight")]);
    EXPECT_EQ(once.joints(1, head->joints.head), -pose.joints(1, head->joints.head));
    EXPECT_EQ(once.joints(0, head->joints.eye_left), pose.joints(0, head->joints.eye_right));
}

TEST(HeadNames, MakeHumansOppositeTargetsAreOneSlider) {
    const Eigen::Matrix2Xf range = Eigen::Matrix2Xf::Ones(2, 5);
    auto sliders = makehuman_sliders(
        {"nose-width-decr", "l-ear-lobe-incr", "nose-width-incr", "l-ear-lobe-decr", "r-ear-lobe-incr"}, range);
    ASSERT_EQ(sliders.size(), 3u);
    EXPECT_EQ(sliders[0].name, "nose-width");
    EXPECT_EQ(sliders[0].group, "nose");
    EXPECT_EQ(sliders[0].up, 2);
    EXPECT_EQ(sliders[0].down, 0);
    EXPECT_EQ(sliders[0].mirror, 0);
    EXPECT_EQ(sliders[1].name, "l-ear-lobe");
    EXPECT_EQ(sliders[1].group, "ear");
    EXPECT_EQ(sliders[1].up, 1);
    EXPECT_EQ(sliders[1].down, 3);
    EXPECT_EQ(sliders[1].mirror, 1) << "its other side is not the same feature";
    sliders = makehuman_sliders({"l-ear-lobe-incr", "nose-hump", "r-ear-lobe-incr"}, range);
    EXPECT_EQ(sliders[0].mirror, 2);
    EXPECT_EQ(sliders[2].mirror, 0);

    sliders = makehuman_sliders({"nose-trans-up", "nose-trans-in", "nose-trans-down", "nose-trans-out"}, range);
    ASSERT_EQ(sliders.size(), 2u);
    EXPECT_EQ(sliders[0].name, "nose-trans-up");
    EXPECT_EQ(sliders[0].up, 0);
    EXPECT_EQ(sliders[1].name, "nose-trans-out");
    EXPECT_EQ(sliders[1].up, 3);
    sliders = makehuman_sliders({"old", "head-up", "a-decr", "b-incr"}, range);
    ASSERT_EQ(sliders.size(), 4u);
    for (const IdentitySlider& slider : sliders) EXPECT_EQ(slider.down, -1);
}

TEST(HeadNames, ASliderForEachTargetOfOtherHeads) {
    HeadModel head = *ball_head();
    head.identity_names = {"shape_0", "shape_1", "l-lobe-incr", "l-lobe-decr"};
    resolve_names(head);
    ASSERT_EQ(head.identity_sliders.size(), 4u);
    for (int i = 0; i < 4; ++i) {
        const IdentitySlider& slider = head.identity_sliders[std::size_t(i)];
        EXPECT_EQ(slider.name, head.identity_names[std::size_t(i)]);
        EXPECT_FALSE(slider.group.empty());
        EXPECT_EQ(slider.up, i);
        EXPECT_EQ(slider.down, -1);
        EXPECT_EQ(slider.mirror, i);
        EXPECT_EQ(slider.low, head.identity_range(0, i));
        EXPECT_EQ(slider.high, head.identity_range(1, i));
    }
}

TEST(RealHead, AllTargetsHaveASlider) {
    const auto head = real_head();
    std::set<int> targets;
    std::set<std::string> names;
    for (const IdentitySlider& slider : head->identity_sliders) {
        EXPECT_TRUE(names.insert(slider.name).second) << slider.name;
        EXPECT_TRUE(targets.insert(slider.up).second) << slider.name;
        if (slider.down >= 0) {
            EXPECT_TRUE(targets.insert(slider.down).second) << slider.name;
        }
        EXPECT_LT(slider.low, slider.high);
        EXPECT_FALSE(slider.group.empty());
        const IdentitySlider& other = head->identity_sliders[std::size_t(slider.mirror)];
        EXPECT_EQ(&head->identity_sliders[std::size_t(other.mirror)], &slider);
        EXPECT_EQ(slider.name.starts_with("l-"), other.name.starts_with("r-")) << slider.name;
    }
    EXPECT_EQ(int(targets.size()), head->identity_count());
    EXPECT_TRUE(names.contains("nose-width1")) << "pairs are joined";
    EXPECT_LT(names.size(), std::size_t(head->identity_count()) * 2 / 3);
}

}  // namespace
}  // namespace likeness::test
