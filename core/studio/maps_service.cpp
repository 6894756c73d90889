#include "core/studio/maps_service.h"

#include <algorithm>

#include "core/maps/bake_neural.h"
#include "core/maps/map_edit.h"
#include "core/maps/map_files.h"
#include "core/studio/command_parts.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;

constexpr double look_every = 0.25;  // seconds between looks at a watched file
constexpr double settled = 0.4;      // that it must have stayed as it is: who saves it may be half-way
constexpr double most_unreadable = 5;  // that it may be unreadable before that is said

const std::vector<std::string> usual_sides = {"256", "512", "1024", "2048"};

ArgumentSpec map_argument() {
    return with_default(choice_argument("map", "What a picture holds; an EXR file holds all maps",
                                        {picture_maps.begin(), picture_maps.end()}),
                        std::string(picture_maps[0]));
}

// As a worker needs it.
Avatar whole(Avatar avatar) {
    if (!avatar.prepared()) avatar.prepare();
    return avatar;
}

}  // namespace

std::string MapsService::needs_maps() const {
    if (!studio_.document().has_avatar()) return "Open a portrait or an avatar first.";
    return studio_.document().avatar().maps->empty() ? "This avatar has no maps yet; bake them first (maps.bake)." : "";
}

bool MapsService::takes(const fs::path& file) const {
    if (!needs_maps().empty()) return false;
    if (file.extension() == ".exr" || file.extension() == ".EXR") return true;
    return std::any_of(exported_.begin(), exported_.end(), [&](const auto& e) { return same_file(e.first, file); });
}

void MapsService::cancel() {
    bake_job_.cancel();
    import_job_.cancel();
    preview_ = {};
    watch_.reset();
}

Status MapsService::bake(bool neural, int side) {
    bake_job_.cancel();
    bake_job_ = studio_.jobs().start_for<TextureMaps>(
        "Baking maps of " + studio_.document().name,
        [this, neural, side, id = studio_.document().id, &jobs = studio_.jobs(), tools = studio_.workshop().tools(),
         device = studio_.workshop().device_name(),
         given = studio_.document().avatar()](Progress& progress) -> Result<TextureMaps> {
            const Avatar avatar = whole(given);
            if (!neural) {
                const auto rasterizer = make_cpu_rasterizer();
                return bake_direct(avatar, *rasterizer, {.side = side}, progress);
            }
            auto opened = tools->open_device(device);
            if (!opened) opened = tools->open_device("cpu");
            if (!opened) return opened.error();
            NeuralBakeOptions options = neural_bake_options(opened->name == "cuda");
            options.side = side;
            options.preview = [&, id](const Part<AnchoredSplats>& splats) {
                jobs.post([this, id, splats] {
                    if (id != studio_.document().id || !bake_job_.running()) return;
                    preview_ = splats;
                    studio_.redraw();
                });
            };
            const auto rasterizer = opened->make_rasterizer();
            const auto engine = opened->make_training_engine(TrainingPace::beside_viewer);
            return bake_neural(avatar, *rasterizer, *engine, options, progress);
        },
        [this, id = studio_.document().id](Result<TextureMaps> baked) {
            if (id != studio_.document().id) return;
            preview_ = {};
            studio_.redraw();
            if (!baked) {
                if (baked.error().code != ErrorCode::cancelled) studio_.messages().error(baked.error());
                return;
            }
            // The Gaussians stay as they are: the maps say what they are.
            studio_.change("Bake maps", [&]() { studio_.state().avatar.maps = *std::move(baked); });
            studio_.messages().info("The maps are baked: " + std::to_string(studio_.document().avatar().maps->side) +
                                    " texels a side.");
        });
    return {};
}

Status MapsService::export_to(const fs::path& file, const std::string& map) {
    if (Status may = studio_.may_write(file); !may) return may;
    studio_.jobs().start(
        "Writing " + file.filename().string(),
        [maps = studio_.document().avatar().maps, file, map](Progress& progress) {
            progress.report(0.1, "Writing the maps");
            return export_maps(*maps, file, map);
        },
        [this, file, map](const Status& written) {
            if (!written) {
                if (written.error().code != ErrorCode::cancelled) studio_.messages().error(written.error());
                return;
            }
            std::erase_if(exported_, [&](const auto& e) { return same_file(e.first, file); });
            exported_.emplace_back(file, map);
            if (watch_ && same_file(watch_->file, file)) watch_->known = watch_->seen = FileStamp::of(file);
            studio_.messages().info("The maps are in '" + file.string() + "'.");
        },
        {.cancellable = false, .target = file});
    return {};
}

Status MapsService::import(const fs::path& file, const std::string& map) {
    if (!FileStamp::of(file).exists())
        return Error{ErrorCode::not_found, "There is no file '" + file.string() + "'.", ""};
    std::string held = map;
    if (held.empty()) {
        held = picture_maps[0];
        for (const auto& [exported, of] : exported_)
            if (same_file(exported, file)) held = of;
    }
    start_import(file, held, false);
    return {};
}

void MapsService::start_import(const fs::path& file, const std::string& map, bool watched) {
    import_job_.cancel();
    const Avatar avatar = studio_.document().avatar();
    import_job_ = studio_.jobs().start_for<Change>(
        "Reading " + file.filename().string(),
        [given = avatar, file, map](Progress& progress) -> Result<Change> {
            progress.report(0.1, "Reading the maps");
            auto read = import_maps(*given.maps, file, map);
            if (!read) return read.error();
            progress.report(0.6, "Changing the avatar");
            if (read->texels == given.maps->texels) return Change{given.splats, given.maps};
            Avatar changed = whole(given);
            change_maps(changed, *std::move(read));
            return Change{changed.splats, changed.maps};
        },
        [this, id = studio_.document().id, file, map, watched, splats = avatar.splats,
         maps = avatar.maps](Result<Change> read) {
            if (id != studio_.document().id) return;
            if (!read) {
                const bool wait = watched && watch_ && read.error().code == ErrorCode::bad_input;
                if (wait && studio_.now() - watch_->changed < most_unreadable) {
                    watch_->failed = false;  // it is looked at again
                    watch_->looked = studio_.now() + settled;
                } else if (read.error().code != ErrorCode::cancelled) {
                    studio_.messages().error(read.error());
                }
                return;
            }
            const Avatar& now = studio_.document().avatar();
            if (!(now.splats == splats) || !(now.maps == maps)) {  // edited or trained meanwhile
                start_import(file, map, watched);
                return;
            }
            if (watched && watch_) watch_->known = watch_->seen;
            if (read->maps == maps) {
                studio_.messages().info("'" + file.filename().string() + "' changes nothing.");
                return;
            }
            studio_.change("Bring in " + file.filename().string(), [&] {
                studio_.state().avatar.splats = read->splats;
                studio_.state().avatar.maps = read->maps;
            });
        });
}

Status MapsService::watch(const fs::path& file, const std::string& map, bool on) {
    if (!on) {
        watch_.reset();
        return {};
    }
    const FileStamp there = FileStamp::of(file);
    if (!there.exists())
        return Error{ErrorCode::not_found,
                     "There is no file '" + file.string() + "' to watch; export the maps to it first.", ""};
    watch_ = Watch{file, map, there, there, studio_.now(), studio_.now(), false};
    return {};
}

// A file that another program writes is left alone until it stays as it is for a moment, and tried again while it
// cannot be read.
void MapsService::drain() {
    if (!watch_ || !needs_maps().empty()) return;
    const double now = studio_.now();
    if (now - watch_->looked < look_every) return;
    watch_->looked = now;
    const FileStamp there = FileStamp::of(watch_->file);
    if (!(there == watch_->seen)) {
        watch_->seen = there;
        watch_->changed = now;
        watch_->failed = false;
        return;
    }
    if (there == watch_->known || !there.exists() || watch_->failed || now - watch_->changed < settled ||
        import_job_.running())
        return;
    watch_->failed = true;
    start_import(watch_->file, watch_->map, true);
}

void MapsService::add_commands(CommandRegistry& registry) {
    Studio& s = studio_;
    const auto path = [] { return optional_argument(text_argument("path", "The file; without it the window asks")); };
    const auto has_maps = [this] { return needs_maps(); };
    registry.add({"maps.bake",
                  "Bake maps",
                  "Maps",
                  "Makes maps of color, opacity, size, rotation, height and normals over the head's atlas, which other "
                  "programs can change.",
                  {with_default(choice_argument("method", "direct: in seconds; neural: learned, in minutes without a "
                                                          "graphics card",
                                                {"direct", "neural"}),
                                std::string("direct")),
                   optional_argument(
                       choice_argument("side", "Texels a side; without it 1024, and 512 for neural", usual_sides))},
                  "",
                  false,
                  "",
                  needs_avatar(s),
                  [this](const Arguments& a) {
                      const bool neural = a.text("method") == "neural";
                      return bake(neural, a.has("side") ? std::stoi(a.text("side")) : neural ? 512 : 1024);
                  }});
    registry.add({"maps.export",
                  "Export maps...",
                  "Maps",
                  "Writes the maps as one .exr with all channels, or one of them as .png.",
                  {path(), map_argument()},
                  "",
                  false,
                  "",
                  has_maps,
                  [this, &s](const Arguments& a) {
                      return with_path(s, a,
                                       {"maps.export", "Export maps", s.document().name + ".exr", {"*.exr", "*.png"}, true, {}},
                                       [&](const std::string& file) { return export_to(file, a.text("map")); });
                  }});
    registry.add({"maps.import",
                  "Bring in maps...",
                  "Maps",
                  "Takes maps that another program has changed; the avatar changes as they did.",
                  {path(), map_argument()},
                  "",
                  false,
                  "",
                  has_maps,
                  [this, &s](const Arguments& a) {
                      return with_path(s, a, {"maps.import", "Bring in maps", "", {"*.exr", "*.png"}, false, {}},
                                       [&](const std::string& file) { return import(file, a.text("map")); });
                  }});
    registry.add({"maps.watch",
                  "Watch a maps' file...",
                  "Maps",
                  "Brings a file in whenever another program saves it.",
                  {path(), map_argument(), with_default(flag_argument("on", "Watch, or watch no more"), true)},
                  "",
                  false,
                  "",
                  has_maps,
                  [this, &s](const Arguments& a) -> Status {
                      if (!a.flag("on")) return watch("", "", false);
                      return with_path(s, a, {"maps.watch", "Watch", "", {"*.exr", "*.png"}, false, {}},
                                       [&](const std::string& file) { return watch(file, a.text("map"), true); });
                  }});
}

}  // namespace likeness
