#include "core/studio/motion_service.h"

#include <algorithm>

#include "core/files/file_formats.h"
#include "core/image/file_bytes.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {

namespace fs = std::filesystem;

void MotionService::drain(double elapsed) {
    if (player_.advance(elapsed)) studio_.redraw();
}

Status MotionService::open(const fs::path& file) {
    if (const auto size = readable_file_size(file); !size) return size.error();
    using Source = std::shared_ptr<const PoseSource>;
    auto notes = std::make_shared<std::vector<std::string>>();
    studio_.jobs().start_for<Source>(
        "Opening " + file.filename().string(),
        [file, notes](Progress&) -> Result<Source> {
            const FileFormat* format = format_of(file, std::array{FileContent::motion});
            if (!format) {
                const std::string kind = kind_of_file(file);
                return Error{ErrorCode::bad_input,
                             "'" + file.string() + "' is " + (kind.empty() ? "no motion" : kind + " and no motion") +
                                 "; choose one of " + file_endings(FileContent::motion) + ".",
                             ""};
            }
            auto track = read_file_as<MotionTrack>(*format, file, {.notes = notes.get()});
            if (!track) return track.error();
            return Source(std::make_shared<const RecordedMotion>(*std::move(track)));
        },
        [this, file, notes](Result<Source> source) {
            if (source) {
                play(*std::move(source), file.string());
                for (const std::string& note : *notes)
                    studio_.messages().warning("'" + file.filename().string() + "': " + note);
            } else if (source.error().code != ErrorCode::cancelled) {
                studio_.messages().error(source.error());
            }
        });
    return {};
}

void MotionService::play(std::shared_ptr<const PoseSource> source, const std::string& title) {
    if (const HeadModel* model = studio_.document().model()) {
        const auto& names = source->names();
        const auto known = std::count_if(names.begin(), names.end(), [&](const auto& n) { return model->control(n) >= 0; });
        if (known == 0 && !source->moves_head()) {
            studio_.messages().error(
                {ErrorCode::bad_input, "'" + title + "' moves nothing that this head has; choose another motion.", ""});
            return;
        }
        if (std::size_t(known) < names.size())
            studio_.messages().warning("'" + fs::path(title).filename().string() +
                                       "': " + std::to_string(names.size() - std::size_t(known)) +
                                       " of its controls are unknown and were left out.");
    }
    player_.open(std::move(source), title);
    studio_.redraw();
}

void MotionService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    registry.add(
        {"motion.open",
         "Open motion...",
         "Motion",
         "Opens a recorded expression track with ARKit names (" + file_endings(FileContent::motion) + ").",
         {optional_argument(text_argument("path", "The file"))},
         "",
         false,
         "",
         {},
         [this, &s](const Arguments& a) {
             return with_path(
                 s, a, {"motion.open", "Open a motion", "", file_patterns(std::array{FileContent::motion}), false, {}},
                 [&](const std::string& file) { return open(file); });
         }});
    const auto simple = [&](const std::string& what, const std::string& title, const std::string& tooltip,
                            const std::string& shortcut, std::function<void(MotionPlayer&)> run) {
        registry.add({"motion." + what,
                      title,
                      "Motion",
                      tooltip,
                      {},
                      shortcut,
                      false,
                      "",
                      needs_motion(s),
                      [this, run = std::move(run)](const Arguments&) -> Status {
                          run(player_);
                          studio_.redraw();
                          return {};
                      }});
    };
    simple("play", "Play", "Plays the motion from the present time.", "", [](MotionPlayer& m) { m.play(); });
    simple("pause", "Pause", "Holds the motion at the present time.", "", [](MotionPlayer& m) { m.pause(); });
    simple("toggle", "Play or pause", "Plays or holds the motion.", "Space",
           [](MotionPlayer& m) { m.playing() ? m.pause() : m.play(); });
    simple("close", "Close motion", "Goes back to the pose of one's own.", "", [](MotionPlayer& m) { m.close(); });
    registry.add({"motion.seek",
                  "Seek",
                  "Motion",
                  "Goes to a time of the motion, in seconds.",
                  {number_argument("seconds", "From the motion's beginning", 0, 1e6, "s")},
                  "",
                  false,
                  "",
                  needs_recording(s),
                  [this](const Arguments& a) -> Status {
                      player_.seek(a.number("seconds"));
                      studio_.redraw();
                      return {};
                  }});
    registry.add({"motion.step",
                  "Step",
                  "Motion",
                  "Goes some frames forwards or, negative, backwards, and holds there.",
                  {with_default(integer_argument("frames", "How many", -100000, 100000), 1)},
                  "",
                  false,
                  "",
                  needs_recording(s),
                  [this](const Arguments& a) -> Status {
                      player_.pause();
                      player_.seek(player_.time() + a.integer("frames") / player_.source()->rate());
                      studio_.redraw();
                      return {};
                  }});
    registry.add({"motion.loop",
                  "Loop",
                  "Motion",
                  "Whether the motion begins again at its end.",
                  {with_default(flag_argument("on", "Loop or not"), true)},
                  "",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) -> Status {
                      player_.loop = a.flag("on");
                      return {};
                  }});
    registry.add({"motion.speed",
                  "Speed",
                  "Motion",
                  "How fast the motion plays; 1 is as recorded.",
                  {number_argument("value", "Times as fast", 0.05, 8, "times")},
                  "",
                  false,
                  "",
                  {},
                  [this](const Arguments& a) -> Status {
                      player_.speed = a.number("value");
                      return {};
                  }});
}

}  // namespace likeness
