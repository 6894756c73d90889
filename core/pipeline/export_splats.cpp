#include "core/pipeline/export_splats.h"

#include <algorithm>
#include <vector>

namespace likeness {

Status export_splats(const Scene& scene, const FileFormat& format, const std::filesystem::path& file,
                     const WriteOptions& options, Progress& progress) {
    progress.report(0.1, "Posing");
    SplatSet posed, shown;
    PaintedSplats painter;
    pose_scene(scene, painter, posed);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < posed.count; ++i)
        if (posed.opacities[i] > 0) kept.push_back(i);
    if (kept.empty()) return Error{ErrorCode::bad_input, "All parts are hidden; show one before you export.", ""};
    shown.resize(kept.size());
    const auto copy = [&kept](const std::vector<float>& from, std::vector<float>& to, std::size_t width) {
        for (std::size_t i = 0; i < kept.size(); ++i) std::copy_n(&from[kept[i] * width], width, &to[i * width]);
    };
    copy(posed.means, shown.means, 3);
    copy(posed.scales, shown.scales, 3);
    copy(posed.rotations, shown.rotations, 4);
    copy(posed.colors, shown.colors, 3);
    copy(posed.opacities, shown.opacities, 1);
    if (posed.harmonics && kept.size() == posed.count) {
        shown.harmonics = posed.harmonics;
    } else if (posed.harmonics) {
        const std::size_t width = posed.harmonics->values.size() / posed.count;
        auto some = std::make_shared<Harmonics>();
        some->degree = posed.harmonics->degree;
        some->values.resize(kept.size() * width);
        copy(posed.harmonics->values, some->values, width);
        shown.harmonics = std::move(some);
    }
    progress.report(0.4, "Writing");
    return format.write(std::move(shown), file, options);
}

}  // namespace likeness
