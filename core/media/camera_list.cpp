#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/media/camera.h"

namespace likeness {
namespace {

constexpr unsigned most_devices = 64, most_modes = 256;

// Rates of one size in one layout, the highest.
double fastest(int handle, unsigned layout, int width, int height) {
    double fps = 0;
    v4l2_frmivalenum rate{};
    rate.pixel_format = layout;
    rate.width = unsigned(width);
    rate.height = unsigned(height);
    for (rate.index = 0; rate.index < most_modes && ::ioctl(handle, VIDIOC_ENUM_FRAMEINTERVALS, &rate) == 0;
         ++rate.index) {
        const v4l2_fract& least = rate.type == V4L2_FRMIVAL_TYPE_DISCRETE ? rate.discrete : rate.stepwise.min;
        if (least.numerator > 0) fps = std::max(fps, double(least.denominator) / least.numerator);
        if (rate.type != V4L2_FRMIVAL_TYPE_DISCRETE) break;
    }
    return fps;
}

void add_mode(std::vector<CameraMode>& modes, const CameraMode& mode) {
    for (CameraMode& known : modes)
        if (known.width == mode.width && known.height == mode.height) {
            known.fps = std::max(known.fps, mode.fps);
            return;
        }
    modes.push_back(mode);
}

std::vector<CameraMode> modes_of(int handle) {
    std::vector<CameraMode> modes;
    v4l2_fmtdesc layout{};
    layout.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    for (layout.index = 0; layout.index < most_modes && ::ioctl(handle, VIDIOC_ENUM_FMT, &layout) == 0;
         ++layout.index) {
        v4l2_frmsizeenum size{};
        size.pixel_format = layout.pixelformat;
        for (size.index = 0; size.index < most_modes && ::ioctl(handle, VIDIOC_ENUM_FRAMESIZES, &size) == 0;
             ++size.index) {
            const auto add = [&](unsigned width, unsigned height) {
                const CameraMode mode{int(width), int(height),
                                      fastest(handle, layout.pixelformat, int(width), int(height))};
                if (mode.width > 0 && mode.height > 0) add_mode(modes, mode);
            };
            if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
                add(size.discrete.width, size.discrete.height);
                continue;
            }
            // Any size between two: the usual ones.
            constexpr std::array<std::array<unsigned, 2>, 4> usual = {
                {{1920, 1080}, {1280, 720}, {640, 480}, {320, 240}}};
            for (const auto& [width, height] : usual)
                if (width >= size.stepwise.min_width && width <= size.stepwise.max_width &&
                    height >= size.stepwise.min_height && height <= size.stepwise.max_height)
                    add(width, height);
            break;
        }
    }
    std::stable_sort(modes.begin(), modes.end(), [](const CameraMode& a, const CameraMode& b) {
        return std::int64_t(a.width) * a.height > std::int64_t(b.width) * b.height;
    });
    return modes;
}

}  // namespace

std::vector<CameraInfo> list_cameras() {
    std::vector<CameraInfo> cameras;
    for (unsigned number = 0; number < most_devices; ++number) {
        CameraInfo camera;
        camera.device = "/dev/video" + std::to_string(number);
        const int handle = ::open(camera.device.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (handle < 0) continue;
        v4l2_capability about{};
        if (::ioctl(handle, VIDIOC_QUERYCAP, &about) == 0) {
            const unsigned can = about.capabilities & V4L2_CAP_DEVICE_CAPS ? about.device_caps : about.capabilities;
            about.card[sizeof about.card - 1] = 0;
            camera.name = reinterpret_cast<const char*>(about.card);
            if (can & V4L2_CAP_VIDEO_CAPTURE && can & V4L2_CAP_STREAMING) {
                camera.modes = modes_of(handle);
                cameras.push_back(std::move(camera));
            }
        }
        ::close(handle);
    }
    return cameras;
}

}  // namespace likeness
