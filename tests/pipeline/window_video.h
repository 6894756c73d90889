// The sample portrait, seen through a window whose place and size change from frame to frame: a video of a camera that
// moves.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/pipeline/track_video.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {

inline PortraitTools& tools() {
    static HeadRegistry heads;
    static Result<PortraitTools> loaded = PortraitTools::load(heads);
    return *loaded;
}

class WindowVideo : public ::testing::Test {
  protected:
    Image window(int x, int y) const { return resize(crop(sample_, x, y, 300, 300), 240, 240); }
    void add(const Image& frame) {
        const Status saved = save_png(folder_.path / ("frame_" + std::to_string(count_++) + ".png"), frame);
        ASSERT_TRUE(saved) << saved.error().message;
    }
    Result<FaceTrack> track(const TrackOptions& options = {}) const {
        Progress progress;
        return track_video(tools(), folder_.path, options, progress);
    }

    const Image sample_ = *load_image(std::filesystem::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png");
    TemporaryFolder folder_{"track_video"};
    int count_ = 0;
};

}  // namespace likeness::test
