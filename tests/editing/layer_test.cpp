// The stack's order under what people do to it, and merging that changes nothing of the look.
#include <gtest/gtest.h>

#include "core/editing/layer_edits.h"
#include "tests/editing/editing_fixtures.h"

namespace likeness::test {
namespace {

// "a b [c d]" from the lowest: a group is written after what is in it, as a bracket.
std::string order(const PaintStack& stack) {
    std::string all;
    for (const PaintLayer& layer : stack.layers) {
        std::string name = layer.name;
        for (int group = layer.group; group != 0;) {
            const PaintLayer* const above = paint_layer(stack, group);
            name += "<" + above->name;
            group = above->group;
        }
        all += (all.empty() ? "" : " ") + name;
    }
    return all;
}

PaintStack three() {
    PaintStack stack;
    for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(add_layer(stack, {.name = name}));
    return stack;
}

TEST(Layers, KeepTheirOrder) {
    PaintStack stack = three();
    EXPECT_EQ(order(stack), "a b c");
    EXPECT_EQ(*add_layer(stack, {.name = "a"}, 1), 4);
    EXPECT_EQ(order(stack), "a a 2 b c") << "names are told apart";
    EXPECT_TRUE(move_layer(stack, 1, LayerPlace::up));
    EXPECT_EQ(order(stack), "a 2 a b c");
    EXPECT_TRUE(move_layer(stack, 3, LayerPlace::bottom));
    EXPECT_EQ(order(stack), "c a 2 a b");
    EXPECT_TRUE(move_layer(stack, 3, LayerPlace::down)) << "it is the lowest already";
    EXPECT_TRUE(move_layer(stack, 3, LayerPlace::above, 1));
    EXPECT_EQ(order(stack), "a 2 a c b");
    EXPECT_TRUE(remove_layer(stack, 1));
    EXPECT_EQ(order(stack), "a 2 c b");
    EXPECT_FALSE(remove_layer(stack, 1));
    EXPECT_FALSE(move_layer(stack, 4, LayerPlace::above, 99));
    EXPECT_FALSE(add_layer(stack, {}, 99));
}

TEST(Layers, GroupsStayTogether) {
    PaintStack stack = three();
    const int group = *group_layer(stack, 2);
    EXPECT_EQ(order(stack), "a b<Group Group c");
    EXPECT_TRUE(move_layer(stack, 3, LayerPlace::into, group));
    EXPECT_EQ(order(stack), "a b<Group c<Group Group");
    EXPECT_TRUE(move_layer(stack, group, LayerPlace::bottom));
    EXPECT_EQ(order(stack), "b<Group c<Group Group a");
    const int copy = *duplicate_layer(stack, group);
    EXPECT_EQ(order(stack), "b<Group c<Group Group b<Group copy c<Group copy Group copy a");
    EXPECT_FALSE(move_layer(stack, group, LayerPlace::into, group));
    EXPECT_FALSE(move_layer(stack, group, LayerPlace::into, 1)) << "a is no group";
    const int outer = *group_layer(stack, copy);
    EXPECT_EQ(order(stack),
              "b<Group c<Group Group b<Group copy<Group 2 c<Group copy<Group 2 Group copy<Group 2 Group 2 a");
    EXPECT_FALSE(move_layer(stack, outer, LayerPlace::above, copy)) << "that is in it";
    EXPECT_TRUE(remove_layer(stack, outer));
    EXPECT_TRUE(move_layer(stack, 3, LayerPlace::up)) << "out of the group at its end";
    EXPECT_EQ(order(stack), "b<Group Group c a");
    EXPECT_TRUE(ungroup_layer(stack, group));
    EXPECT_EQ(order(stack), "b c a");
    EXPECT_FALSE(ungroup_layer(stack, 1));
}

std::shared_ptr<const PaintTexels> one_tile(int level, const PaintTexel& texel) {
    auto tile = std::make_shared<PaintTile>();
    tile->texels.fill(texel);
    auto texels = std::make_shared<PaintTexels>();
    texels->set_tile({100, level, 0, 0}, std::move(tile));
    return texels;
}

TEST(Layers, MergingLooksTheSame) {
    PaintStack stack = three();
    stack.layers[0].texels = one_tile(0, {200, 100, 0, 204});
    stack.layers[0].opacity = 0.5f;
    stack.layers[1].texels = one_tile(1, {0, 100, 200, 255});
    stack.layers[1].mask = one_tile(1, {0, 0, 0, 102});
    ASSERT_TRUE(merge_down(stack, 2));
    EXPECT_EQ(order(stack), "a c");
    const PaintLayer& merged = stack.layers[0];
    EXPECT_EQ(merged.opacity, 1);
    EXPECT_FALSE(merged.mask);
    EXPECT_EQ(merged.texels->level(100), 1) << "as fine as the finer one";
    // Under the second: 0.4 of it over 0.4 of the first.
    const Eigen::Vector2f both = paint_texel_position({100, 1, 0, 0}, 70),
                          one = paint_texel_position({100, 1, 1, 1}, 70);
    const Eigen::Vector4f texel = merged.texels->nearest(both);
    EXPECT_NEAR(texel[3], 0.4f + 0.6f * 0.4f, 0.004f);
    EXPECT_NEAR(texel[0], 0.24f * 200 / 255, 0.004f);
    EXPECT_NEAR(texel[2], 0.4f * 200 / 255, 0.004f);
    EXPECT_NEAR(merged.texels->nearest(one)[3], 0.4f, 0.004f);
    EXPECT_FALSE(merge_down(stack, 1)) << "nothing below";
    stack.layers[1].visible = false;
    EXPECT_FALSE(merge_down(stack, 3)) << "hidden";
    EXPECT_EQ(order(stack), "a c") << "an error changes nothing";
}

TEST(Layers, MergingBlendsWhatBlends) {
    PaintStack stack = three();
    stack.layers[0].texels = one_tile(0, {200, 100, 50, 255});
    stack.layers[1].texels = one_tile(0, {51, 102, 255, 255});
    stack.layers[1].blend = PaintBlend::multiply;
    ASSERT_TRUE(merge_down(stack, 2));
    EXPECT_EQ(int(stack.layers[0].blend), int(PaintBlend::normal));
    const Eigen::Vector4f texel = stack.layers[0].texels->nearest(paint_texel_position({100, 0, 0, 0}, 5));
    EXPECT_NEAR(texel[0], 40 / 255.0f, 0.003f);
    EXPECT_NEAR(texel[1], 40 / 255.0f, 0.003f);
    EXPECT_NEAR(texel[2], 50 / 255.0f, 0.003f);
}

TEST(Layers, MasksShowHideAndTurnRound) {
    const PaintSurface surface(plain_head());
    PaintStack stack = three();
    stack.layers[0].texels = one_tile(surface.level(100), {9, 9, 9, 200});
    const Eigen::Vector2f at = paint_texel_position({100, surface.level(100), 0, 0}, 99);
    const auto alpha = [&] { return stack.layers[0].mask->nearest(at)[3]; };
    ASSERT_TRUE(edit_mask(stack, 1, MaskEdit::show, surface));
    EXPECT_EQ(alpha(), 1);
    EXPECT_LE(paint_bytes(stack), 2 * sizeof(PaintTile)) << "white is one tile";
    ASSERT_TRUE(edit_mask(stack, 1, MaskEdit::invert, surface));
    EXPECT_EQ(alpha(), 0);
    ASSERT_TRUE(edit_mask(stack, 1, MaskEdit::invert, surface));
    EXPECT_EQ(alpha(), 1);
    ASSERT_TRUE(edit_mask(stack, 1, MaskEdit::hide, surface));
    EXPECT_EQ(alpha(), 0);
    ASSERT_TRUE(edit_mask(stack, 1, MaskEdit::apply, surface));
    EXPECT_FALSE(stack.layers[0].mask);
    EXPECT_TRUE(stack.layers[0].texels->empty());
    EXPECT_FALSE(edit_mask(stack, 1, MaskEdit::apply, surface));
}

}  // namespace
}  // namespace likeness::test
