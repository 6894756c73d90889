// The Layers panel by hand: each thing done to layers is one entry of the history, and undone whole. History's
// pictures.
#include <imgui_internal.h>

#include <cmath>

#include "core/editing/make_up.h"
#include "tests/ui/interface_bench.h"
#include "ui/history_panel.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

class Layers : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
        for (const char* name : {"low", "high"}) {
            ASSERT_TRUE(bench.studio().execute("layer.add", {{"name", name}}));
            ASSERT_TRUE(bench.studio().execute("paint.stroke", {{"points", "480,560 540,560"}}));
        }
        bench.app->interface().show_panel("Layers");
        ASSERT_TRUE(bench.settle());
    }
    const PaintStack& stack() { return *bench.studio().document().avatar().paint; }
    const PaintLayer& layer(std::size_t i) { return stack().layers.at(i); }
    std::size_t entries() { return bench.studio().history().position(); }
    static std::string button(const char* id, const char* icon) {
        return std::string("//###Layers/") + id + "/" + icon + "##" + id;
    }
    static std::string row(ImGuiTestContext* ctx, int id, const char* item = "##layer") {
        ctx->SetRef(ctx->WindowInfo("//###Layers/layers").ID);
        return "$$" + std::to_string(id) + "/" + item;
    }
    // One entry that changes something; undone, all is as before, and it is done again.
    void expect_one_entry(ImGuiTestContext* ctx, const char* what, const std::function<void()>& act,
                          const std::function<bool()>& holds) {
        const Part<PaintStack> before = bench.studio().document().avatar().paint;
        const std::size_t position = entries();
        act();
        IM_CHECK(wait_until(ctx, [&] { return !bench.studio().paint().work().working(); }));
        ctx->Yield(2);
        if (entries() != position + 1 || !holds()) ADD_FAILURE() << what << ": " << entries() - position << " entries";
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->Yield(2);
        EXPECT_TRUE(bench.studio().document().avatar().paint == before) << what << " is not undone";
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z);
        ctx->Yield(2);
        EXPECT_TRUE(holds()) << what << " is not done again";
    }
    void menu(ImGuiTestContext* ctx, int id, const char* item) {
        ctx->ItemClick(row(ctx, id).c_str(), ImGuiMouseButton_Right);
        ctx->Yield();
        ctx->SetRef("//$FOCUSED");
        ctx->MenuClick(item);
    }
    InterfaceBench bench;
};

TEST_F(Layers, AddedNamedShownAndSetByHand) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const int low = layer(0).id, high = layer(1).id;
        expect_one_entry(
            ctx, "add", [&] { ctx->ItemClick(button("layer.add", ICON_FA_PLUS).c_str()); },
            [&] { return stack().layers.size() == 3; });
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->ItemClick(row(ctx, low).c_str());
        IM_CHECK_EQ(bench.studio().paint().selected(), low);
        expect_one_entry(
            ctx, "rename",
            [&] {
                ctx->ItemDoubleClick(row(ctx, low).c_str());
                ctx->Yield(2);
                ctx->KeyCharsReplaceEnter("freckle");
            },
            [&] { return layer(0).name == "freckle"; });
        expect_one_entry(
            ctx, "hide", [&] { ctx->ItemClick(row(ctx, high, "eye/" ICON_FA_EYE "##eye").c_str()); },
            [&] { return !layer(1).visible; });
        expect_one_entry(
            ctx, "show", [&] { ctx->ItemClick(row(ctx, high, "eye/" ICON_FA_EYE_SLASH "##eye").c_str()); },
            [&] { return layer(1).visible; });
        ctx->ItemClick(row(ctx, low).c_str());
        expect_one_entry(
            ctx, "opacity",
            [&] {
                ctx->ItemDragWithDelta("//###Layers/opacity/##value", {-40, 0});
            },
            [&] { return layer(0).opacity < 0.95f && layer(1).opacity == 1; });
        expect_one_entry(
            ctx, "blend",
            [&] {
                ctx->SetRef("//###Layers");
                ctx->ComboClick("##blend/Multiply");
            },
            [&] { return layer(0).blend == PaintBlend::multiply; });
    }));
}

TEST_F(Layers, MovedMaskedGroupedMergedAndRemovedByHand) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const int low = layer(0).id, high = layer(1).id;
        expect_one_entry(
            ctx, "drag",
            [&] {
                // Onto the upper half of the row above.
                const ImGuiTestItemInfo to = ctx->ItemInfo(row(ctx, high).c_str());
                ctx->MouseMove(row(ctx, low).c_str());
                ctx->MouseDown();
                ctx->MouseMoveToPos({to.RectFull.GetCenter().x, to.RectFull.Min.y + 4});
                ctx->Yield(2);
                ctx->MouseUp();
            },
            [&] { return layer(0).id == high && layer(1).id == low; });
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->ItemClick(row(ctx, high).c_str());
        expect_one_entry(
            ctx, "mask", [&] { ctx->ItemClick(button("mask", ICON_FA_MASK).c_str()); },
            [&] { return layer(1).mask != nullptr; });
        expect_one_entry(
            ctx, "region", [&] { menu(ctx, high, "Only on/Lips"); }, [&] { return layer(1).region == "lips"; });
        expect_one_entry(
            ctx, "duplicate", [&] { ctx->ItemClick(button("layer.duplicate", ICON_FA_COPY).c_str()); },
            [&] { return stack().layers.size() == 3 && layer(2).name == "high copy"; });
        expect_one_entry(
            ctx, "merge", [&] { ctx->ItemClick(button("layer.merge_down", ICON_FA_ANGLES_DOWN).c_str()); },
            [&] { return stack().layers.size() == 2; });
        ctx->ItemClick(row(ctx, low).c_str());
        expect_one_entry(
            ctx, "group", [&] { ctx->ItemClick(button("layer.group", ICON_FA_FOLDER).c_str()); },
            [&] { return stack().layers.size() == 3 && layer(0).group != 0; });
        ctx->ItemClick(row(ctx, low).c_str());
        expect_one_entry(
            ctx, "remove", [&] { ctx->ItemClick(button("layer.remove", ICON_FA_TRASH).c_str()); },
            [&] { return !paint_layer(stack(), low); });
    }));
}

// The numbers follow the hand at once, the layer when it is made; a drag is one entry.
TEST_F(Layers, AMakeUpSliderIsOneEntryADrag) {
    ASSERT_TRUE(bench.studio().execute("make_up.add", {{"kind", "lipstick"}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const auto amount = [&] { return make_up_amount(*layer(2).make_up, "amount"); };
        const float before = amount();
        const auto texels = layer(2).texels;
        const std::string slider = row(ctx, layer(2).id, "amount/##value");
        expect_one_entry(
            ctx, "make-up",
            [&] {
                ctx->ItemDragWithDelta(slider.c_str(), {-60, 0});
            },
            [&] { return amount() < before - 0.1f && layer(2).texels != texels; });
    }));
}

TEST_F(Layers, TheStatusBarCountsFineGaussians) {
    EXPECT_GT(bench.app->viewport().statistics().paint_gaussians, 50u);
    EXPECT_FALSE(bench.app->viewport().statistics().paint_coarser);
    ASSERT_TRUE(bench.studio().execute("edit.jump", {{"position", 0}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.app->viewport().statistics().paint_gaussians, 0u);
}

// Made only when they are looked at, and kept few and small.
TEST_F(Layers, TheHistoryShowsWhatWasDone) {
    const auto pictures = [&]() -> const ui::HistoryThumbnails& {
        for (const auto& panel : bench.app->interface().panels())
            if (panel->name() == std::string("History"))
                return dynamic_cast<const ui::HistoryPanel&>(*panel).thumbnails();
        throw std::logic_error("no History");
    };
    EXPECT_EQ(pictures().made(), 0u);
    bench.app->interface().show_panel("History");
    ASSERT_TRUE(bench.draw_until([&] { return pictures().made() >= 2; }));
    ASSERT_TRUE(bench.settle());
    const std::size_t seen = pictures().made();
    EXPECT_LE(seen, 5u) << "of rows that are seen";
    ASSERT_TRUE(bench.studio().execute("layer.opacity", {{"value", 0.5}}));
    ASSERT_TRUE(bench.draw_until([&] { return pictures().made() > seen; }));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//###History/entries").ID);
        ctx->ItemClick("$$1/##Add layer: low");
        IM_CHECK_EQ(int(entries()), 1);
    }));
}

}  // namespace
}  // namespace likeness::test
