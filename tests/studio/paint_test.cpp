// Layers and strokes as people and scripts make them: one entry of the history each, undone whole.
#include <gtest/gtest.h>

#include "core/editing/make_up.h"
#include "core/studio/history_pictures.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

class Paint : public testing::Test {
  protected:
    void SetUp() override {
        bench = std::make_unique<StudioBench>(folder.path, false);
        bench->run("file.open", {{"path", save_ball(folder.path / "ball.likeness", 1, 4000, false).string()}});
        ASSERT_TRUE(bench->studio->document().has_avatar());
    }
    Studio& studio() { return *bench->studio; }
    const PaintStack& stack() { return *studio().document().avatar().paint; }
    std::size_t tiles(std::size_t layer) {
        const auto& texels = stack().layers.at(layer).texels;
        return texels ? texels->tile_count() : 0;
    }
    std::string fails(const std::string& id, const Arguments& arguments) {
        const Status status = studio().execute(id, arguments);
        return status ? "" : status.error().message;
    }
    // A region that the head does not have.
    std::string lacking() {
        const FaceRegions regions(*studio().paint().surface());
        for (std::size_t i = 0; i < face_region_count; ++i)
            if (!regions.missing(FaceRegion(i)).empty()) return face_region_names[i].name;
        return "";
    }
    TemporaryFolder folder{"paint"};
    std::unique_ptr<StudioBench> bench;
};

TEST_F(Paint, AStrokeBringsALayerAndIsOneEntry) {
    const std::size_t before = studio().history().entries().size();
    bench->run("paint.brush", {{"size", 8.0}, {"flow", 1.0}});
    bench->run("paint.stroke", {{"points", "450,500 500,520 560,500,0.5"}});
    ASSERT_EQ(stack().layers.size(), 1u);
    EXPECT_EQ(stack().layers[0].name, "Paint");
    EXPECT_GT(tiles(0), 0u);
    EXPECT_EQ(studio().history().entries().size(), before + 1);
    EXPECT_EQ(studio().history().entries().back().title, "Brush stroke");
    const auto painted = stack().layers[0].texels;
    bench->run("paint.erase", {{"points", "500,520"}});
    EXPECT_NE(stack().layers[0].texels, painted);
    bench->run("edit.undo");
    EXPECT_EQ(stack().layers[0].texels, painted) << "undone by a pointer";
    bench->run("edit.undo");
    EXPECT_TRUE(stack().layers.empty());
    bench->run("edit.redo");
    EXPECT_EQ(stack().layers.at(0).texels, painted);
}

TEST_F(Paint, AStrokeByHandIsTheSameAsByCommand) {
    bench->run("paint.brush", {{"size", 8.0}});
    bench->run("paint.stroke", {{"points", "450,500 480,510 520,500 540,520"}});
    const auto by_command = stack().layers.at(0).texels;
    bench->run("edit.undo");
    bench->run("paint.use_brush");
    const Camera camera = view_camera(studio().view(), studio().document(), 1024, 1024);
    PaintService& paint = studio().paint();
    const std::size_t before = studio().history().position();
    ASSERT_TRUE(paint.begin_stroke(camera, {450, 500}));
    for (const Eigen::Vector2f& at : {Eigen::Vector2f(480, 510), Eigen::Vector2f(520, 500), Eigen::Vector2f(540, 520)}) {
        const std::uint64_t pictures = studio().document().pictures;
        paint.stroke_to(camera, at);
        EXPECT_GT(studio().document().pictures, pictures) << "it is shown while it is drawn";
        EXPECT_EQ(studio().history().position(), before);
        bench->settle();
    }
    paint.end_stroke();
    ASSERT_EQ(studio().history().position(), before + 1);
    EXPECT_EQ(studio().history().entries().back().title, "Brush stroke: Paint");
    EXPECT_TRUE(studio().document().dirty());
    const auto by_hand = stack().layers.at(0).texels;
    EXPECT_EQ(by_hand->tile_count(), by_command->tile_count());
    by_command->each_tile([&](const PaintTileKey& key, const auto& tile) {
        ASSERT_TRUE(by_hand->tile(key));
        EXPECT_EQ(by_hand->tile(key)->texels, tile->texels);
    });
    bench->run("edit.undo");
    EXPECT_TRUE(stack().layers.empty()) << "with the layer that it brought";
    // A stroke that is let go changes nothing.
    ASSERT_TRUE(paint.begin_stroke(camera, {450, 500}));
    EXPECT_FALSE(stack().layers.empty());
    paint.cancel_stroke();
    EXPECT_TRUE(stack().layers.empty());
    EXPECT_EQ(studio().history().position(), before);
}

void expect_same(const PaintTexels& a, const PaintTexels& b) {
    EXPECT_GT(a.tile_count(), 0u);
    EXPECT_EQ(a.tile_count(), b.tile_count());
    a.each_tile([&](const PaintTileKey& key, const auto& tile) {
        ASSERT_TRUE(b.tile(key));
        EXPECT_EQ(b.tile(key)->texels, tile->texels);
    });
}

// In the canvas the brush goes over the surface as anywhere: its places are those under the points.
TEST_F(Paint, AStrokeInTheCanvasIsTheSameOnTheSurface) {
    bench->run("paint.brush", {{"size", 8.0}, {"flow", 1.0}});
    const auto surface = studio().paint().surface();
    ASSERT_TRUE(surface);
    const Eigen::Vector2f from(0.40f, 0.42f), to(0.55f, 0.50f);
    ASSERT_TRUE(surface->inside(from) && surface->inside(to));
    const auto words = [](const Eigen::Vector2f& p) { return std::to_string(p.x()) + "," + std::to_string(p.y()); };

    // A dab.
    bench->run("paint.stroke", {{"points", words(from)}, {"in", "canvas"}});
    BrushOptions options = studio().paint().brush();
    BrushStroke dab(surface, nullptr, options, BrushStroke::Effect::paint);
    dab.dab(*surface->inside(from));
    expect_same(*stack().layers.at(0).texels, *dab.texels());
    bench->run("edit.undo");

    // A line of them.
    bench->run("paint.stroke", {{"points", words(from) + " " + words(to)}, {"in", "canvas"}, {"square", "head"}});
    BrushStroke line(surface, nullptr, options, BrushStroke::Effect::paint);
    StrokePath path(0);
    constexpr float side = 1024;
    const StrokePath::Pick places = [&](const Eigen::Vector2f& pixel) -> std::optional<StrokePath::Place> {
        const auto place = surface->inside(pixel / side);
        if (!place) return {};
        return StrokePath::Place{*place, side / surface->metres_per_unit(place->triangle)};
    };
    for (const Eigen::Vector2f& p : {from, to}) path.to(p * side, 1, places, line);
    path.end(places, line);
    EXPECT_GT(line.dabs(), 10);
    const auto by_command = stack().layers.at(0).texels;
    expect_same(*by_command, *line.texels());
    bench->run("edit.undo");

    // By hand.
    bench->run("paint.use_brush");
    const std::size_t entries = studio().history().position();
    ASSERT_TRUE(studio().paint().begin_stroke(AtlasView{0, side}, from * side));
    studio().paint().stroke_to(AtlasView{0, side}, to * side);
    studio().paint().end_stroke();
    EXPECT_EQ(studio().history().position(), entries + 1);
    expect_same(*stack().layers.at(0).texels, *by_command);

    // The middle of the line has the color that was painted, wherever it is asked for.
    const Eigen::Vector2f middle = 0.5f * (from + to);
    bench->run("paint.color", {{"red", 0.0}, {"green", 0.0}, {"blue", 0.0}});
    bench->run("paint.pick", {{"at", words(middle)}, {"in", "canvas"}});
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(studio().paint().brush().color[c], options.color[c], 0.01f);
    EXPECT_NE(fails("paint.stroke", {{"points", "1.2,0.5"}, {"in", "canvas"}}), "") << "beside the square";
    EXPECT_NE(fails("paint.pick", {{"at", "-0.1,0.5"}, {"in", "canvas"}}), "");
}

TEST_F(Paint, TheCanvasIsChosenByCommands) {
    const CanvasState& state = studio().canvas().state();
    bench->run("canvas.show", {{"square", "hair"}});
    bench->run("canvas.view", {{"what", "mask"}});
    bench->run("canvas.seams", {{"on", false}});
    bench->run("canvas.look", {{"u", 0.25}, {"v", 0.75}, {"zoom", 4.0}});
    EXPECT_EQ(state.square, 1);
    EXPECT_EQ(int(state.content), int(CanvasContent::mask));
    EXPECT_FALSE(state.seams);
    EXPECT_EQ(state.middle, Eigen::Vector2f(0.25f, 0.75f));
    EXPECT_EQ(state.zoom, 4.0f);
    bench->run("canvas.look");
    EXPECT_EQ(state.middle, Eigen::Vector2f(0.5f, 0.5f));
    EXPECT_EQ(state.zoom, 1.0f);
    EXPECT_EQ(studio().history().entries().size(), 0u) << "looking changes nothing";
}

// The pointer rests, the head turns beneath it: what comes under the brush is painted.
TEST_F(Paint, AHeadThatMovesGoesOnBeneathTheBrush) {
    bench->run("paint.use_brush");
    bench->run("paint.brush", {{"size", 6.0}});
    const Camera camera = view_camera(studio().view(), studio().document(), 1024, 1024);
    const auto drawn = [&](double turn) {
        EXPECT_TRUE(studio().paint().begin_stroke(camera, {512, 500}));
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(studio().execute("pose.head", {{"yaw", turn * i}}));
            studio().paint().stroke_to(camera, {512, 500});
        }
        studio().paint().end_stroke();
        std::size_t covered = 0;
        stack().layers.at(0).texels->each_tile([&](const PaintTileKey&, const auto& tile) {
            for (const PaintTexel& texel : tile->texels) covered += texel[3] > 0;
        });
        bench->run("edit.undo");
        EXPECT_TRUE(stack().layers.empty());
        return covered;
    };
    const std::size_t still = drawn(0), moving = drawn(3);
    EXPECT_GT(still, 0u);
    EXPECT_GT(moving, 2 * still);
}

TEST_F(Paint, TheTrainersGaussiansAreNoPartOfAStroke) {
    bench->run("paint.use_brush");
    const Camera camera = view_camera(studio().view(), studio().document(), 1024, 1024);
    ASSERT_TRUE(studio().paint().begin_stroke(camera, {500, 500}));
    studio().state().avatar.splats.edit().albedo[0] = 0.123f;  // as TrainingService publishes
    studio().learned();
    const std::uint64_t learned = studio().document().avatar().splats.version();
    studio().paint().stroke_to(camera, {520, 500});
    studio().paint().end_stroke();
    bench->run("edit.undo");
    EXPECT_EQ(studio().document().avatar().splats.version(), learned);
    EXPECT_TRUE(stack().layers.empty());
}

TEST_F(Paint, LayersByCommands) {
    bench->run("layer.add", {{"name", "under"}});
    bench->run("layer.add", {{"name", "over"}});
    EXPECT_EQ(studio().paint().selected(), stack().layers[1].id);
    bench->run("layer.opacity", {{"value", 0.5}});
    bench->run("layer.blend", {{"mode", "multiply"}, {"layer", "under"}});
    bench->run("layer.visible", {{"on", false}, {"layer", "under"}});
    bench->run("layer.region", {{"region", "lips"}});
    bench->run("layer.relief", {{"value", 1.5}});
    EXPECT_EQ(stack().layers[1].opacity, 0.5f);
    EXPECT_EQ(int(stack().layers[0].blend), int(PaintBlend::multiply));
    EXPECT_FALSE(stack().layers[0].visible);
    EXPECT_EQ(stack().layers[1].region, "lips");
    EXPECT_FLOAT_EQ(stack().layers[1].relief, 1.5e-3f);
    bench->run("layer.rename", {{"name", "top"}});
    EXPECT_EQ(stack().layers[1].name, "top");
    EXPECT_NE(fails("layer.rename", {{"name", "under"}}), "");
    bench->run("layer.duplicate");
    EXPECT_EQ(stack().layers[2].name, "top copy");
    EXPECT_EQ(studio().paint().selected(), stack().layers[2].id);
    bench->run("layer.move", {{"to", "bottom"}});
    EXPECT_EQ(stack().layers[0].name, "top copy");
    bench->run("layer.move", {{"to", "above"}, {"target", "top"}, {"layer", "under"}});
    EXPECT_EQ(stack().layers[2].name, "under");
    bench->run("layer.group", {{"layer", "under"}});
    bench->run("layer.remove", {{"layer", "Group"}});
    EXPECT_EQ(stack().layers.size(), 2u);
    EXPECT_EQ(fails("layer.remove", {{"layer", "nobody"}}), "There is no layer 'nobody'.");
    EXPECT_NE(fails("layer.move", {{"to", "into"}, {"target", "top"}, {"layer", "top copy"}}), "");
    EXPECT_NE(fails("layer.move", {{"to", "into"}}), "");
    bench->run("layer.select", {{"layer", "top"}});
    bench->run("layer.mask", {{"what", "hide"}});
    bench->run("paint.target", {{"on", "mask"}});
    bench->run("paint.brush", {{"size", 20.0}, {"flow", 1.0}});
    bench->run("paint.stroke", {{"points", "500,500"}});
    EXPECT_GT(stack().layers[1].mask->tile_count(), 0u) << "painted on the mask";
    EXPECT_EQ(tiles(1), 0u);
    // All of that can be undone.
    bench->run("edit.jump", {{"position", 0}});
    EXPECT_TRUE(stack().layers.empty());
}

TEST_F(Paint, WhatCannotBePaintedIsSaidAndChangesNothing) {
    const std::size_t entries = studio().history().entries().size();
    for (const char* points : {"", "1", "1,2,3,4", "a,b", "1,2 x", "nan,1", "1e30,2", "1,,2"})
        EXPECT_NE(fails("paint.stroke", {{"points", points}}), "") << points;
    EXPECT_NE(fails("paint.stroke", {{"points", "2,2"}}), "") << "background";
    EXPECT_NE(fails("paint.clone", {{"points", "500,500"}}), "") << "no source";
    bench->run("layer.add");
    bench->run("layer.visible", {{"on", false}});
    EXPECT_NE(fails("paint.stroke", {{"points", "500,500"}}), "") << "hidden";
    EXPECT_EQ(studio().history().entries().size(), entries + 2);
    EXPECT_NE(fails("paint.target", {{"on", "mask"}}), "") << "no mask";
}

TEST_F(Paint, ThereIsACapOfMemory) {
    bench->run("paint.stroke", {{"points", "500,500"}});
    auto full = std::make_shared<PaintTexels>();
    std::size_t left = most_paint_bytes / sizeof(PaintTile);
    for (int b = 0; b < paint_block_count && left > 0; ++b)
        for (int i = 0; i < 64 && left > 0; ++i, --left)
            full->set_tile({b, 3, i % 8, i / 8}, std::make_shared<PaintTile>());
    studio().state().avatar.paint.edit().layers[0].mask = full;
    const std::string why = fails("paint.stroke", {{"points", "450,450"}});
    EXPECT_NE(why.find("200 MB"), std::string::npos) << why;
    EXPECT_NE(fails("layer.mask", {{"what", "invert"}}).find("200 MB"), std::string::npos);
    EXPECT_EQ(stack().layers.size(), 1u);
}

TEST_F(Paint, TheEyedropperSeesSkinAndPaintWithoutLight) {
    bench->run("paint.color", {{"red", 0.25}, {"green", 0.5}, {"blue", 0.75}});
    bench->run("paint.brush", {{"size", 20.0}, {"flow", 1.0}, {"hardness", 1.0}});
    bench->run("paint.stroke", {{"points", "500,500"}});
    bench->run("paint.color", {{"red", 0.0}, {"green", 0.0}, {"blue", 0.0}});
    bench->run("paint.pick", {{"at", "500,500"}});
    EXPECT_NEAR(studio().paint().brush().color[0], 0.25f, 0.01f);
    EXPECT_NEAR(studio().paint().brush().color[2], 0.75f, 0.01f);
    ASSERT_GE(studio().paint().recent_colors().size(), 3u);
    // What is kept to a region is not seen beside it.
    bench->run("layer.region", {{"region", "teeth"}});
    bench->run("paint.pick", {{"at", "500,500"}});
    const auto beside = studio().paint().brush().color;
    bench->run("layer.region", {{"region", ""}});
    bench->run("layer.opacity", {{"value", 0.0}});
    bench->run("paint.pick", {{"at", "500,500"}});
    EXPECT_EQ(studio().paint().brush().color, beside);
    EXPECT_GT(std::abs(studio().paint().brush().color[0] - 0.25f) + std::abs(studio().paint().brush().color[2] - 0.75f),
              0.02f);
}

TEST_F(Paint, FillGradientHealAndSmudgeChangeTheirLayerOnly) {
    bench->run("layer.add", {{"name", "below"}});
    bench->run("paint.stroke", {{"points", "500,500"}});
    const auto below = stack().layers[0].texels;
    bench->run("layer.add", {{"name", "above"}});
    bench->run("paint.brush", {{"tolerance", 0.3}, {"size", 12.0}});
    const auto changed = [&](const std::string& id, const Arguments& arguments) {
        const auto before = stack().layers[1].texels;
        bench->run(id, arguments);
        EXPECT_NE(stack().layers[1].texels, before) << id;
        EXPECT_EQ(stack().layers[0].texels, below) << id;
    };
    changed("paint.fill", {{"at", "500,500"}});
    changed("paint.gradient", {{"from", "450,450"}, {"to", "550,500"}});
    changed("paint.smudge", {{"points", "470,470 520,500"}});
    changed("paint.heal", {{"points", "480,520 500,520"}});
    bench->run("paint.source", {{"at", "560,520"}});
    changed("paint.clone", {{"points", "460,520 480,520"}});
}

TEST_F(Paint, RegionsAreFilledByName) {
    bench->run("paint.brush", {{"opacity", 1.0}});
    bench->run("paint.fill", {{"region", "skin"}, {"color", "#20c040"}});
    ASSERT_EQ(stack().layers.size(), 1u);
    ASSERT_GT(tiles(0), 10u);
    std::size_t full = 0;
    stack().layers[0].texels->each_tile([&](const PaintTileKey&, const auto& tile) {
        for (const PaintTexel& texel : tile->texels) full += texel == PaintTexel{0x20, 0xc0, 0x40, 255};
    });
    EXPECT_GT(full, 10u * 1000);
    ASSERT_NE(lacking(), "");
    EXPECT_NE(fails("paint.fill", {{"region", lacking()}}), "");
    EXPECT_NE(fails("paint.fill", {{"region", "skin"}, {"color", "red"}}).find("#8a1020"), std::string::npos);
    EXPECT_NE(fails("paint.fill", {}), "") << "neither a place nor a region";
    EXPECT_NE(fails("paint.fill", {{"region", "skin"}, {"at", "500,500"}}), "") << "both";
    EXPECT_NE(fails("paint.brush", {{"region", "knees"}}), "");
    EXPECT_EQ(stack().layers.size(), 1u);
}

// What a panel asks for is made by a worker: the command returns at once, the layer has it later, as one entry.
TEST_F(Paint, LongWorkByHandIsDoneByAWorker) {
    bench->run("layer.add", {{"name", "mine"}});
    bench->run("paint.brush", {{"tolerance", 0.03}});
    const std::size_t before = studio().history().position();
    const Part<PaintStack> stack_before = studio().document().avatar().paint;
    const auto by_hand = [&] {
        EXPECT_TRUE(studio().invoke("paint.fill", {{"at", "500,500"}}));
        EXPECT_TRUE(studio().paint().work().working());
        EXPECT_FALSE(studio().idle());
    };
    by_hand();
    EXPECT_TRUE(studio().document().avatar().paint == stack_before) << "not yet";
    ASSERT_TRUE(bench->settle());
    EXPECT_GT(tiles(0), 0u);
    EXPECT_EQ(studio().history().position(), before + 1);
    EXPECT_EQ(studio().history().entries().back().title, "Fill");
    bench->run("edit.undo");
    EXPECT_TRUE(studio().document().avatar().paint == stack_before);

    // Undone before it is made.
    by_hand();
    ASSERT_TRUE(studio().execute("edit.undo"));
    ASSERT_TRUE(bench->settle());
    EXPECT_TRUE(studio().document().avatar().paint == stack_before);
    EXPECT_EQ(studio().history().position(), before);

    // What comes in between stays, and so does the fill.
    by_hand();
    ASSERT_TRUE(studio().execute("layer.rename", {{"name", "yours"}}));
    ASSERT_TRUE(bench->settle());
    EXPECT_EQ(stack().layers[0].name, "yours");
    EXPECT_GT(tiles(0), 0u);
    EXPECT_EQ(studio().history().position(), before + 2);

    // Its layer goes while it is made: another is painted on, as a stroke would.
    bench->run("edit.jump", {{"position", before}});
    by_hand();
    ASSERT_TRUE(studio().execute("layer.remove"));
    ASSERT_TRUE(bench->settle());
    ASSERT_EQ(stack().layers.size(), 1u);
    EXPECT_EQ(stack().layers[0].name, "Paint");

    // A file has what was asked for before it.
    bench->run("edit.jump", {{"position", before}});
    by_hand();
    bench->run("file.save_as", {{"path", (folder.path / "filled.likeness").string()}});
    bench->run("file.open", {{"path", (folder.path / "filled.likeness").string()}});
    EXPECT_GT(tiles(0), 0u);

    // Why it cannot be is said.
    EXPECT_TRUE(studio().invoke("paint.fill", {{"region", lacking()}}));
    ASSERT_TRUE(bench->settle());
    EXPECT_NE(bench->take_error(), "");
}

TEST_F(Paint, ADragOfMakeUpIsOneEntryAndItsNewestValueWins) {
    bench->run("make_up.add", {{"kind", "tan"}});
    ASSERT_EQ(stack().layers.size(), 1u);
    const std::size_t before = studio().history().position();
    const auto amount = [&] { return make_up_amount(*stack().layers[0].make_up, "amount"); };
    const float first = amount();
    const auto drag = [&] {
        studio().begin_gesture();
        for (const double value : {0.1, 0.2, 0.3, 0.4, 0.9}) {
            EXPECT_TRUE(studio().invoke("make_up.set", {{"name", "amount"}, {"value", value}}));
            const MakeUp* const shown = studio().paint().work().make_up(stack().layers[0].id);
            ASSERT_TRUE(shown) << "sliders are where the hand is";
            EXPECT_FLOAT_EQ(make_up_amount(*shown, "amount"), float(value));
        }
        studio().end_gesture();
    };
    drag();
    ASSERT_TRUE(bench->settle());
    EXPECT_FLOAT_EQ(amount(), 0.9f);
    EXPECT_FALSE(studio().paint().work().make_up(stack().layers[0].id));
    ASSERT_EQ(studio().history().position(), before + 1) << "of values and of the hand's leaving before they are made";
    const auto by_hand = stack().layers[0].texels;
    bench->run("edit.undo");
    EXPECT_FLOAT_EQ(amount(), first);
    // A script's is made when it returns, and is the same.
    ASSERT_TRUE(studio().execute("make_up.set", {{"name", "amount"}, {"value", 0.9}}));
    EXPECT_FLOAT_EQ(amount(), 0.9f);
    by_hand->each_tile([&](const PaintTileKey& key, const auto& tile) {
        ASSERT_TRUE(stack().layers[0].texels->tile(key));
        EXPECT_EQ(stack().layers[0].texels->tile(key)->texels, tile->texels);
    });
    // A drag that is undone half-way leaves nothing of it.
    bench->run("edit.undo");
    drag();
    ASSERT_TRUE(studio().execute("edit.undo"));
    ASSERT_TRUE(bench->settle());
    EXPECT_EQ(studio().history().position(), before);
    EXPECT_FLOAT_EQ(amount(), first);
}

TEST_F(Paint, APensOtherEndIsTheEraser) {
    PaintService& paint = studio().paint();
    paint.set_pen({.pen = true, .eraser = true, .pressure = 0});
    EXPECT_EQ(int(paint.tool()), int(PaintTool::select)) << "nobody paints";
    bench->run("paint.use_brush");
    paint.set_pen({.pen = true, .eraser = true, .pressure = 0});
    EXPECT_EQ(int(paint.tool()), int(PaintTool::eraser));
    paint.set_pen({.pen = true, .pressure = 0.5f});
    EXPECT_EQ(int(paint.tool()), int(PaintTool::brush));
    EXPECT_FLOAT_EQ(paint.pressure(), 0.5f);
    bench->run("paint.brush", {{"pressure_curve", 2.0}});
    EXPECT_FLOAT_EQ(paint.pressure(), 0.25f);
    paint.set_pen({});
    EXPECT_EQ(paint.pressure(), 1) << "a mouse";
}

TEST_F(Paint, PicturesOfStepsShowWhatWasPainted) {
    const DocumentState before = studio().document().state;
    bench->run("paint.brush", {{"size", 10.0}, {"flow", 1.0}, {"hardness", 1.0}});
    bench->run("paint.color", {{"red", 1.0}, {"green", 0.0}, {"blue", 0.0}});
    bench->run("paint.stroke", {{"points", "470,500"}});
    const DocumentState after = studio().document().state;
    HistoryPictures pictures;
    const Camera near = pictures.camera(before, after, 64), head = pictures.camera(before, before, 64);
    EXPECT_GT(near.fx, 2 * head.fx) << "the place, not the head";
    const Image picture = pictures.make(before, after, 64);
    ASSERT_EQ(picture.width, 64);
    const float* const middle = picture.at(32, 32);
    EXPECT_GT(middle[0], 0.7f);
    EXPECT_LT(middle[1], 0.2f);
    EXPECT_LT(picture.at(3, 32)[0] - picture.at(3, 32)[1], 0.5f) << "what is around it is seen as well";
    // Each state of the history can be shown.
    EXPECT_TRUE(studio().history().content_at(after, studio().history().position() - 1).avatar.paint ==
                before.avatar.paint);
    EXPECT_TRUE(studio().history().content_at(after, studio().history().position()).avatar.paint == after.avatar.paint);
}

// Layers and their texels are parts of the file.
TEST_F(Paint, LayersAreSavedAndOpened) {
    bench->run("layer.add", {{"name", "scar"}});
    bench->run("paint.stroke", {{"points", "500,500 540,520"}});
    const auto painted = stack().layers[0].texels;
    bench->run("file.save_as", {{"path", (folder.path / "painted.likeness").string()}});
    bench->run("file.open", {{"path", (folder.path / "painted.likeness").string()}});
    ASSERT_EQ(stack().layers.size(), 1u);
    EXPECT_EQ(stack().layers[0].name, "scar");
    painted->each_tile([&](const PaintTileKey& key, const auto& tile) {
        ASSERT_TRUE(stack().layers[0].texels->tile(key));
        EXPECT_EQ(stack().layers[0].texels->tile(key)->texels, tile->texels);
    });
}

}  // namespace
}  // namespace likeness::test
