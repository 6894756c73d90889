// Undo and redo: entries, merging within a gesture, the cap on memory.
#include "core/document/history.h"

#include <gtest/gtest.h>

#include "tests/head/head_fixtures.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

float jaw(const Studio& studio) {
    return studio.document().state.pose->controls[studio.document().model()->control("jawOpen")];
}

struct Opened {
    TemporaryFolder folder{"studio_history"};
    StudioBench bench{folder.path};
    Studio& studio = *bench.studio;
    Opened() { bench.run("file.open", {{"path", save_ball(folder.path / "a.likeness").string()}}); }
    void set(double value) {
        ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", value}}));
    }
};

TEST(History, UndoAndRedoWalkThroughTheValues) {
    Opened o;
    EXPECT_FALSE(o.studio.execute("edit.undo"));
    o.set(0.25);
    o.set(0.5);
    o.set(0.75);
    ASSERT_EQ(o.studio.history().entries().size(), 3u);
    EXPECT_EQ(o.studio.history().entries()[0].title, "Expression: jawOpen");
    for (const float expected : {0.5f, 0.25f, 0.0f}) {
        ASSERT_TRUE(o.studio.execute("edit.undo"));
        EXPECT_EQ(jaw(o.studio), expected);
    }
    EXPECT_FALSE(o.studio.execute("edit.undo"));
    for (const float expected : {0.25f, 0.5f, 0.75f}) {
        ASSERT_TRUE(o.studio.execute("edit.redo"));
        EXPECT_EQ(jaw(o.studio), expected);
    }
    EXPECT_FALSE(o.studio.execute("edit.redo"));
    ASSERT_TRUE(o.studio.execute("edit.jump", {{"position", 1}}));
    EXPECT_EQ(jaw(o.studio), 0.25f);
    o.set(1);
    EXPECT_EQ(o.studio.history().entries().size(), 2u) << "what could be redone is dropped";
    EXPECT_FALSE(o.studio.execute("edit.jump", {{"position", 3}}));
}

TEST(History, ADragIsOneEntry) {
    Opened o;
    o.studio.begin_gesture();
    for (int i = 1; i <= 40; ++i) o.set(i / 50.0);
    // The same drag moves something else too: an entry of its own.
    ASSERT_TRUE(o.studio.execute("pose.set_expression", {{"name", "browInnerUp"}, {"value", 0.3}}));
    o.studio.end_gesture();
    o.studio.begin_gesture();
    o.set(0.9);
    o.set(1.0);
    o.studio.end_gesture();
    EXPECT_EQ(o.studio.history().entries().size(), 3u);
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_EQ(jaw(o.studio), 0.8f);
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_EQ(jaw(o.studio), 0.0f);

    // Brought back within the drag: nothing happened.
    o.studio.begin_gesture();
    o.set(0.5);
    o.set(0.0);
    o.studio.end_gesture();
    EXPECT_EQ(o.studio.history().entries().size(), 0u);
}

TEST(History, NothingIsRecordedForWhatFailedOrChangedNothing) {
    Opened o;
    o.set(0.5);
    const auto revision = o.studio.document().revision;
    EXPECT_FALSE(o.studio.execute("pose.set_expression", {{"name", "noSuchThing"}, {"value", 0.5}}));
    EXPECT_FALSE(o.studio.execute("pose.paste", {{"text", "{\"controls\": {\"jawOpen\": \"x\"}}"}}));
    EXPECT_FALSE(o.studio.execute("pose.preset.apply", {{"name", "none"}}));
    o.set(0.5);
    EXPECT_EQ(o.studio.history().entries().size(), 1u);
    EXPECT_EQ(o.studio.document().revision, revision);
    EXPECT_EQ(jaw(o.studio), 0.5f);
}

TEST(History, UndoingBackToWhatIsSavedIsClean) {
    Opened o;
    EXPECT_FALSE(o.studio.document().dirty());
    o.set(0.5);
    EXPECT_TRUE(o.studio.document().dirty());
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_FALSE(o.studio.document().dirty());
    ASSERT_TRUE(o.studio.execute("edit.redo"));
    EXPECT_TRUE(o.studio.document().dirty());
    o.bench.run("file.save_as", {{"path", (o.folder.path / "saved.likeness").string()}});
    EXPECT_FALSE(o.studio.document().dirty());
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_TRUE(o.studio.document().dirty()) << "the file has what was undone";
    // Another edit in the place of the undone one is another content, though the history is as long.
    o.set(0.25);
    EXPECT_TRUE(o.studio.document().dirty());
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_TRUE(o.studio.document().dirty());
}

TEST(History, ADragThatComesBackIsClean) {
    Opened o;
    o.studio.begin_gesture();
    o.set(0.5);
    EXPECT_TRUE(o.studio.document().dirty());
    o.set(0.0);
    o.studio.end_gesture();
    EXPECT_FALSE(o.studio.document().dirty());
}

TEST(History, ForgottenEntriesKeepTheDocumentDirty) {
    Opened o;
    for (int i = 1; i <= 40; ++i) o.set(0.02 * i);
    o.studio.set_undo_cap(600);
    ASSERT_GT(o.studio.history().dropped(), 0u);
    while (o.studio.unavailable("edit.undo").empty()) {
        ASSERT_TRUE(o.studio.execute("edit.undo"));
        EXPECT_TRUE(o.studio.document().dirty());
    }
}

TEST(History, ACommandThatFailsHalfWayIsTakenBack) {
    Opened o;
    o.set(0.5);
    Command half{"test.half",
                 "Half",
                 "Test",
                 "Fails half way.",
                 {},
                 "",
                 true,
                 "",
                 {},
                 [&studio = o.studio](const Arguments&) -> Status {
                     studio.state().pose.edit().controls.setOnes();
                     studio.state().parts.edit().hidden.fill(true);
                     return Error{ErrorCode::internal, "Half way.", ""};
                 }};
    o.studio.commands().add(half);
    EXPECT_FALSE(o.studio.execute("test.half"));
    EXPECT_EQ(jaw(o.studio), 0.5f);
    EXPECT_TRUE(o.studio.document().part_shown(SplatPart::skin));
    EXPECT_EQ(o.studio.history().entries().size(), 1u);
}

TEST(History, PartsAndShapesTooAndInOrder) {
    Opened o;
    ASSERT_TRUE(o.studio.execute("part.show", {{"part", "hair"}, {"on", false}}));
    ASSERT_TRUE(o.studio.execute("part.solo", {{"part", "skin"}}));
    ASSERT_TRUE(o.studio.execute("identity.set", {{"name", "wide"}, {"value", 0.5}}));
    EXPECT_TRUE(o.studio.document().part_shown(SplatPart::skin));
    EXPECT_FALSE(o.studio.document().part_shown(SplatPart::eyes));
    ASSERT_TRUE(o.bench.settle());
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_EQ(*o.studio.document().avatar().identity_change, IdentityChange{});
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_TRUE(o.studio.document().part_shown(SplatPart::eyes));
    EXPECT_FALSE(o.studio.document().part_shown(SplatPart::hair));
    ASSERT_TRUE(o.studio.execute("edit.undo"));
    EXPECT_TRUE(o.studio.document().part_shown(SplatPart::hair));
    ASSERT_TRUE(o.studio.execute("edit.jump", {{"position", 3}}));
    EXPECT_EQ(o.studio.document().avatar().identity_change->added[0], 0.5f);
    EXPECT_TRUE(o.studio.document().state.parts->solo[0]);
}

TEST(History, TheCapDropsTheOldest) {
    Opened o;
    Document document;
    document.state = o.studio.document().state;
    History history;
    const auto change = [&](float value) {
        const DocumentState before = document.state;
        document.state.pose.edit().controls[0] = value;
        history.push("Change", "", 0, Edit(before, document.state));
    };
    change(1);
    const std::size_t one = history.bytes();
    ASSERT_GT(one, 0u);
    change(2);
    const std::size_t more = history.bytes() - one;  // of an entry that begins where another ended
    ASSERT_LT(more, one);
    history.set_cap(one + 9 * more);
    for (int i = 3; i <= 25; ++i) change(float(i));
    EXPECT_EQ(history.entries().size(), 10u);
    EXPECT_EQ(history.dropped(), 15u);
    EXPECT_LE(history.bytes(), history.cap());
    int undone = 0;
    while (history.undo(document)) ++undone;
    EXPECT_EQ(undone, 10);
    EXPECT_EQ(document.state.pose->controls[0], 15) << "older than that is not to be had back";
    history.set_cap(one + 2 * more);
    EXPECT_EQ(history.entries().size(), 3u);
    while (history.redo(document)) {
    }
    EXPECT_EQ(document.state.pose->controls[0], 18);
    // Bytes stay true through merges.
    history.clear();
    history.set_cap(std::size_t(1) << 20);
    for (int i = 0; i < 5; ++i) {
        const DocumentState before = document.state;
        document.state.pose.edit().controls[i] += 1;
        history.push("Drag", "key", 7, Edit(before, document.state));
    }
    ASSERT_EQ(history.entries().size(), 1u);
    const std::size_t merged = history.bytes();
    std::size_t parts = 0;
    history.entries()[0].edit.visit_memory([&](const void*, std::size_t bytes) { parts += bytes; });
    EXPECT_GT(parts, 2 * document.state.pose->controls.size() * sizeof(float)) << "the pose before and after";
    EXPECT_GT(merged, parts) << "the entry around the edit counts";
    history.undo(document);
    const DocumentState before = document.state;
    document.state.pose.edit().controls[0] += 1;
    history.push("Another", "", 0, Edit(before, document.state));
    ASSERT_EQ(history.entries().size(), 1u) << "what could be redone is gone";
    EXPECT_NEAR(double(history.bytes()), double(merged), 64) << "one entry takes the place of the other";
    history.set_cap(1);
    EXPECT_EQ(history.bytes(), 0u);
}

TEST(History, AnyPartComesBackAndWhatPartsShareCountsOnce) {
    Opened o;
    Document document;
    document.state = o.studio.document().state;
    History history;
    const auto change = [&](const std::function<void(Avatar&)>& edit) {
        const DocumentState before = document.state;
        edit(document.state.avatar);
        history.push("Change", "", 0, Edit(before, document.state));
    };
    const Avatar first = document.state.avatar;
    change([](Avatar& a) { a.splats.edit().albedo[0] = 0.25f; });
    const std::size_t gaussians = history.bytes();
    EXPECT_GT(gaussians, 2 * first.splats->count * gaussian_floats * sizeof(float)) << "before and after";
    change([](Avatar& a) { a.splats.edit().albedo[0] = 0.5f; });
    EXPECT_LT(history.bytes(), gaussians * 8 / 5) << "the part between the two is one";

    // A photograph in two source views, and maps as large.
    const std::size_t without = history.bytes();
    const auto photograph = std::make_shared<const Image>(256, 256, 4);
    const std::size_t picture = photograph->pixels.size() * sizeof(float);
    change([&](Avatar& a) { a.source.edit().picture = photograph; });
    change([&](Avatar& a) { a.source.edit().file = "renamed.jpg"; });
    change([&](Avatar& a) {
        TextureMaps maps;
        maps.side = 256;
        maps.squares = 1;
        maps.texels.fill(std::make_shared<const MapTexels>(picture / sizeof(Eigen::half)));  // one block, named six times
        a.maps = std::move(maps);
    });
    change([](Avatar& a) { a.slots = AttributeSlots{{{"beard", "short", {1, 2, 3}}}}; });
    change([](Avatar& a) { a.light.edit().exposure = 1; });
    EXPECT_GT(history.bytes(), without + 2 * picture);
    EXPECT_LT(history.bytes(), without + picture * 5 / 2);

    EXPECT_EQ(history.entries().size(), 7u);
    while (history.undo(document)) {
    }
    const Avatar& undone = document.state.avatar;
    EXPECT_TRUE(undone.splats == first.splats && undone.source == first.source && undone.maps == first.maps &&
                undone.slots == first.slots && undone.light == first.light)
        << "the very parts that there were";
    while (history.redo(document)) {
    }
    EXPECT_EQ(undone.splats->albedo[0], 0.5f);
    EXPECT_EQ(undone.source->picture, photograph);
    EXPECT_EQ(undone.maps->side, 256);
    EXPECT_EQ(undone.slots->slots[0].choice, "short");
    EXPECT_EQ(undone.light->exposure, 1);
    history.clear();
    EXPECT_EQ(history.bytes(), 0u);
}

}  // namespace
}  // namespace likeness::test
