// The head's shape and the avatar's parts.
#include <algorithm>

#include "core/studio/command_parts.h"

namespace likeness {

void add_shape_commands(Studio& s) {
    CommandRegistry& registry = s.commands();
    const auto has_identity = [&s]() -> std::string {
        if (!s.document().has_avatar()) return "Open a portrait or an avatar first.";
        return s.document().model()->identity_count() > 0 ? "" : "This avatar's head has no named shapes to change.";
    };
    const auto slider_names = [&s] {
        std::vector<std::string> names;
        if (s.document().has_avatar())
            for (const IdentitySlider& slider : s.document().model()->identity_sliders) names.push_back(slider.name);
        return names;
    };
    registry.add(
        {"identity.set",
         "Shape",
         "Identity",
         "Changes a named feature of the head; 0 is the person as fitted, 1 or -1 the strongest sensible change.",
         {with_suggestions(text_argument("name", "The feature, as nose-width"), slider_names),
          number_argument("value", "How much", -3, 3)},
         "",
         true,
         "name",
         has_identity,
         [&s](const Arguments& a) -> Status {
             const std::vector<IdentitySlider>& sliders = s.document().model()->identity_sliders;
             const std::string name = a.text("name");
             const auto slider =
                 std::find_if(sliders.begin(), sliders.end(), [&](const auto& o) { return o.name == name; });
             if (slider == sliders.end()) return studio_error("This head has no feature '" + name + "'.");
             Eigen::VectorXf& change = s.state().avatar.identity_change.edit().added;
             if (change.size() == 0) change = Eigen::VectorXf::Zero(s.document().model()->identity_count());
             const auto value = float(a.number("value"));
             set_slider(*slider, value, change);
             if (s.document().symmetric) set_slider(sliders[std::size_t(slider->mirror)], value, change);
             return {};
         }});
    registry.add({"identity.reset",
                  "Reset shape",
                  "Identity",
                  "Brings one feature back to the person as fitted.",
                  {with_suggestions(text_argument("name", "The feature"), slider_names)},
                  "",
                  true,
                  "name",
                  has_identity,
                  [&s](const Arguments& a) -> Status {
                      return s.commands().find("identity.set")->run({{"name", a.text("name")}, {"value", 0.0}});
                  }});
    registry.add({"identity.reset_all",
                  "Reset all shapes",
                  "Identity",
                  "Brings the whole head back to the person as fitted.",
                  {},
                  "",
                  true,
                  "",
                  has_identity,
                  [&s](const Arguments&) -> Status {
                      s.state().avatar.identity_change = IdentityChange{};
                      return {};
                  }});

    const auto part = [] {
        return choice_argument("part", "The part", {splat_part_names.begin(), splat_part_names.end()});
    };
    const auto index = [](const Arguments& a) {
        return std::size_t(std::find(splat_part_names.begin(), splat_part_names.end(), a.text("part")) -
                           splat_part_names.begin());
    };
    registry.add({"part.show",
                  "Show part",
                  "Parts",
                  "Shows or hides a part of the avatar.",
                  {part(), with_default(flag_argument("on", "Shown or hidden"), true)},
                  "",
                  true,
                  "part",
                  needs_avatar(s),
                  [&s, index](const Arguments& a) -> Status {
                      s.state().parts.edit().hidden[index(a)] = !a.flag("on");
                      return {};
                  }});
    registry.add({"part.solo",
                  "Solo part",
                  "Parts",
                  "Shows only the parts that are solo.",
                  {part(), with_default(flag_argument("on", "Solo or not"), true)},
                  "",
                  true,
                  "part",
                  needs_avatar(s),
                  [&s, index](const Arguments& a) -> Status {
                      s.state().parts.edit().solo[index(a)] = a.flag("on");
                      return {};
                  }});
    registry.add({"part.show_all",
                  "Show all parts",
                  "Parts",
                  "Shows every part and ends solo.",
                  {},
                  "",
                  true,
                  "",
                  needs_avatar(s),
                  [&s](const Arguments&) -> Status {
                      s.state().parts = PartChoice{};
                      return {};
                  }});
}

}  // namespace likeness
