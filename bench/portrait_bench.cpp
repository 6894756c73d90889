// Prints a JSON line for each portrait and each video, then the summary (docs/measures.md).
//
// Each portrait has a process of its own, forked before anything was loaded: so its times are those of a fresh start
// (models read, device opened), its peak of memory is its own, and a crash is one failed portrait, not the end.
#include "bench/portrait_bench.h"

#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <limits>
#include <system_error>

#include "bench/figures.h"
#include "bench/metrics/measure_statistics.h"
#include "bench/portrait_measures.h"
#include "core/avatar/avatar_file.h"
#include "core/files/file_formats.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "core/media/video_reader.h"
#include "core/pipeline/track_video.h"

namespace {

using namespace likeness;
using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Options {
    fs::path folder, videos, keep;
    std::vector<std::string> only;
    PortraitJobOptions job;
};

// Runs `work` in a forked process and hands its JSON back. Errors: what it returned, or how it died.
Result<Json> run_apart(const std::function<Result<Json>()>& work) {
    int channel[2];
    if (pipe(channel) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    std::fflush(nullptr);
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child == 0) {
        close(channel[0]);
        Json answer;
        try {
            Result<Json> result = work();
            if (result)
                answer["result"] = *std::move(result);
            else
                answer["error"] = result.error().message;
        } catch (const std::exception& failure) {
            answer["error"] = failure.what();
        }
        const std::string text = answer.dump(-1, ' ', false, Json::error_handler_t::replace);
        for (std::size_t sent = 0; sent < text.size();) {
            const ssize_t n = write(channel[1], text.data() + sent, text.size() - sent);
            if (n <= 0) _exit(1);
            sent += std::size_t(n);
        }
        _exit(0);  // no destructors of what the parent has, too
    }
    close(channel[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = read(channel[0], buffer, sizeof buffer)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        text.append(buffer, std::size_t(n));
    }
    close(channel[0]);
    int state = 0;
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(state))
        return Error{ErrorCode::internal, std::string("The process died: ") + strsignal(WTERMSIG(state)) + ".", ""};
    const Json answer = Json::parse(text, nullptr, false);
    if (answer.is_discarded()) return Error{ErrorCode::internal, "The process ended without an answer.", ""};
    if (answer.contains("error")) return Error{ErrorCode::internal, answer["error"].get<std::string>(), ""};
    return answer["result"];
}

bool wanted(const fs::path& file, const std::vector<std::string>& only) {
    return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& name) {
               return name == file.stem() || name == file.filename();
           });
}

bool is_picture(const fs::path& file) { return format_of(file, std::array{FileContent::picture}) != nullptr; }

std::vector<fs::path> pictures_in(const Options& options) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(options.folder))
        if (entry.is_regular_file() && is_picture(entry.path()) && wanted(entry.path(), options.only))
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

Json job_figures(const PortraitJob& job) {
    std::vector<std::string> warnings = job.portrait.warnings;
    if (job.trained.stopped_early) warnings.push_back("training ended early: " + job.trained.stopped_early->message);
    return {{"gaussians", job.portrait.avatar.splats->count},
            {"steps", job.trained.steps},
            {"steps_per_second", bench::rounded(job.trained.steps_per_second)},
            {"fit_seconds", bench::rounded(job.portrait.fit_seconds)},
            {"first_picture_s", bench::rounded(job.first_picture_seconds)},
            {"seconds", bench::rounded(job.seconds)},
            {"peak_rss_mib", std::round(bench::peak_rss_mib())},
            {"warnings", warnings},
            {"device", job.device.name},
            {"machine", job.device.hardware}};
}

// Where a subject's pictures and avatar go: a folder of its own below --keep, or below the temporary one.
fs::path folder_for(const fs::path& below, const fs::path& file) {
    const fs::path folder = below / file.stem();
    fs::create_directories(folder);
    return folder;
}

// The options of a job that writes its avatar there.
PortraitJobOptions saving_to(const fs::path& file, PortraitJobOptions job) {
    job.save = [file](const Avatar& avatar, const Image& small) { return save_avatar(file, avatar, small); };
    return job;
}

Result<Json> portrait_line(const fs::path& file, const Options& options, const fs::path& temporary) {
    const fs::path keep = options.keep.empty() ? fs::path() : folder_for(options.keep, file);
    const fs::path avatar_file = (keep.empty() ? temporary : keep) / "avatar.likeness";
    Progress progress;
    auto job = run_portrait_job(file, saving_to(avatar_file, options.job), progress);
    if (!job) return job.error();
    const Json figures = job_figures(*job);  // before measuring needs memory
    auto line = bench::measure_portrait(*job, file, keep);
    if (!line) return line.error();
    line->update(figures);
    return line;
}

Result<Json> video_line(const fs::path& video, const Options& options, const fs::path& temporary) {
    const fs::path keep = options.keep.empty() ? fs::path() : folder_for(options.keep, video);
    auto reader = VideoReader::open(video);
    if (!reader) return reader.error();
    auto frame = (*reader)->next();
    if (!frame) return frame.error();
    if (!*frame) return Error{ErrorCode::bad_input, "'" + video.string() + "' has no frame.", ""};
    const fs::path first = (keep.empty() ? temporary : keep) / "frame_0.png";
    if (Status saved = save_png(first, **frame); !saved) return saved.error();
    Progress progress;
    auto job = run_portrait_job(first, saving_to((keep.empty() ? temporary : keep) / "avatar.likeness", options.job),
                                progress);
    if (!job) return job.error();
    const Json figures = job_figures(*job);
    const auto track = track_video(job->tools, video, {}, progress);
    if (!track) return track.error();
    auto line = bench::measure_reenactment(*job, *track, video, keep);
    if (!line) return line.error();
    line->update(figures);
    return line;
}

// One key of all lines.
std::vector<double> column(const std::vector<Json>& lines, const char* key) {
    std::vector<double> values;
    for (const Json& line : lines)
        if (line.contains(key) && line[key].is_number()) values.push_back(line[key].get<double>());
    return values;
}

Json summary(const std::vector<Json>& portraits, int failed, const std::vector<Json>& videos, int videos_failed) {
    using metrics::Better;
    const auto median = [&](const char* key) { return bench::rounded(metrics::median(column(portraits, key))); };
    const auto worst = [&](const char* key, Better better) {
        return bench::rounded(metrics::worst(column(portraits, key), better));
    };
    const auto driven = [&](const char* key) { return bench::rounded(metrics::mean(column(videos, key))); };
    const Json any = !portraits.empty() ? portraits.front() : !videos.empty() ? videos.front() : Json::object();
    return {{"bench", "portrait"},
            {"summary", true},
            {"portraits", int(portraits.size()) + failed},
            {"failed", failed},
            {"landmark_median", median("landmark")},
            {"landmark_worst", worst("landmark", Better::lower)},
            {"landmark_model_median", median("landmark_model")},
            {"landmark_model_worst", worst("landmark_model", Better::lower)},
            {"psnr_median", median("psnr")},
            {"psnr_worst", worst("psnr", Better::higher)},
            {"ssim_median", median("ssim")},
            {"outline_iou_median", median("outline_iou")},
            {"coverage_min", worst("coverage", Better::higher)},
            {"floaters_max", worst("floaters", Better::lower)},
            {"identity15_median", median("identity15")},
            {"identity30_median", median("identity30")},
            {"identity45_median", median("identity45")},
            {"reenact_psnr", driven("reenact_psnr")},
            {"reenact_ssim", driven("reenact_ssim")},
            {"reenact_identity", driven("reenact_identity")},
            {"reenact_full_psnr", driven("reenact_full_psnr")},
            {"reenact_full_ssim", driven("reenact_full_ssim")},
            {"videos", int(videos.size()) + videos_failed},
            {"videos_failed", videos_failed},
            {"fit_seconds_median", median("fit_seconds")},
            {"first_picture_s", worst("first_picture_s", Better::lower)},
            {"first_picture_s_median", median("first_picture_s")},
            {"seconds_median", median("seconds")},
            {"seconds_worst", worst("seconds", Better::lower)},
            {"peak_rss_mib", worst("peak_rss_mib", Better::lower)},
            {"device", any.value("device", "")},
            {"machine", any.value("machine", "")}};
}

// Measures one subject apart, prints its line, and keeps it for the summary when it succeeded.
bool add_line(const char* kind, const fs::path& file, std::vector<Json>& lines,
              const std::function<Result<Json>()>& work) {
    const Result<Json> measured = run_apart(work);
    Json line = {{"bench", "portrait"}, {kind, file.stem().string()}};
    if (measured)
        line.update(*measured);
    else
        line["error"] = measured.error().message;
    std::cout << line.dump() << std::endl;
    if (measured)
        lines.push_back(line);
    else
        std::cerr << "likeness-bench: " << file.filename().string() << ": " << measured.error().message << '\n';
    return measured.ok();
}

int run(const Options& options, const fs::path& temporary) {
    const std::vector<fs::path> pictures = pictures_in(options);
    std::vector<fs::path> videos;
    for (const char* name : {"liveportrait_d3.mp4", "liveportrait_d9.mp4"})
        if (const fs::path file = options.videos / name; wanted(file, options.only)) {
            if (fs::exists(file))
                videos.push_back(file);
            else
                std::cerr << "likeness-bench: no '" << file.string() << "'; reenactment is measured without it\n";
        }
    if (pictures.empty() && videos.empty()) {
        std::cerr << "likeness-bench: no portraits in '" << options.folder.string() << "'\n";
        return 1;
    }
    std::vector<Json> portrait_lines, video_lines;
    int failed = 0, videos_failed = 0;
    for (const fs::path& file : pictures)
        failed += !add_line("portrait", file, portrait_lines, [&] { return portrait_line(file, options, temporary); });
    for (const fs::path& file : videos)
        videos_failed += !add_line("video", file, video_lines, [&] { return video_line(file, options, temporary); });
    std::cout << summary(portrait_lines, failed, video_lines, videos_failed).dump() << std::endl;
    return portrait_lines.empty() && video_lines.empty() ? 1 : 0;
}

}  // namespace

int run_portrait_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"Portraits to avatars: time and quality", "likeness-bench portrait"};
    app.add_option("folder", options.folder, "folder of portraits")->required()->check(CLI::ExistingDirectory);
    app.add_option("--videos", options.videos,
                   "folder with the videos for reenactment (../videos beside the portraits)")
        ->check(CLI::ExistingDirectory);
    app.add_option("--device", options.job.device, "auto, cpu or cuda")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    app.add_option("--only", options.only, "only these portraits and videos, by name");
    app.add_option("--steps", options.job.portrait.training.steps, "training steps (the program's own number)")
        ->check(CLI::Range(0, 100000));
    app.add_option("--keep", options.keep, "folder for avatars, contact sheets and the measured pictures");
    CLI11_PARSE(app, argc, argv);
    if (options.videos.empty()) options.videos = fs::canonical(options.folder).parent_path() / "videos";

    return bench::with_temporary_folder([&](const fs::path& temporary) { return run(options, temporary); });
}
