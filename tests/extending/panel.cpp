// A panel: a class in ui/ with draw(Studio&) (1), a line in the constructor of ui/interface.cpp (2), its place in
// PanelLayout::build (3). It reads the studio and sends commands; the View menu and the palette have it by itself.
#include "ui/panel.h"

#include "tests/ui/interface_bench.h"
#include "ui/interface.h"

namespace likeness::test {
namespace {

class NotesPanel : public ui::Panel {
  public:
    NotesPanel() : Panel("Notes", "", "The document's name and a button.") {}
    void draw(Studio& studio) override {
        ImGui::Text("%s", studio.document().has_avatar() ? studio.document().name.c_str() : "Nothing is open");
        if (ImGui::Button("Neutral")) studio.invoke("pose.neutral");
        ++drawn;
    }
    int drawn = 0;
};

TEST(Extending, APanel) {
    InterfaceBench bench;
    auto& panel = static_cast<NotesPanel&>(bench.app->interface().add_panel(std::make_unique<NotesPanel>()));
    EXPECT_TRUE(bench.draw_until([&] { return panel.drawn > 3; }));
    panel.open = false;
    bench.app->draw();
    EXPECT_TRUE(bench.studio().execute("panel.notes"));
    EXPECT_TRUE(panel.open);
}

}  // namespace
}  // namespace likeness::test
