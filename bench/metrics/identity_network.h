// The type of dlib's face descriptor network, as its published weights (dlib_face_recognition_resnet_model_v1.dat)
// demand it: a residual network of 29 convolutions after He et al. 2016, "Deep Residual Learning", 150 x 150 RGB in,
// 128 numbers out. Heavy to compile: one source file includes it.
#pragma once

#include <dlib/dnn.h>

namespace likeness::metrics::network {

// Two 3 x 3 convolutions, the first with a stride.
template <long channels, int stride, typename Below>
using Pair = dlib::affine<
    dlib::con<channels, 3, 3, 1, 1, dlib::relu<dlib::affine<dlib::con<channels, 3, 3, stride, stride, Below>>>>>;

// The pair added to its own input.
template <long channels, typename Below>
using Same = dlib::relu<dlib::add_prev1<Pair<channels, 1, dlib::tag1<Below>>>>;

// The pair at half the size, added to its input averaged down.
template <long channels, typename Below>
using Half = dlib::relu<
    dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Pair<channels, 2, dlib::tag1<Below>>>>>>>;

template <typename Below>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <typename Below>
using Level32 = Same<32, Same<32, Same<32, Below>>>;
template <typename Below>
using Level64 = Same<64, Same<64, Same<64, Half<64, Below>>>>;
template <typename Below>
using Level128 = Same<128, Same<128, Half<128, Below>>>;
template <typename Below>
using Level256 = Same<256, Same<256, Half<256, Below>>>;

using FaceDescriptor = dlib::loss_metric<
    dlib::fc_no_bias<128, dlib::avg_pool_everything<Half<
                              256, Level256<Level128<Level64<Level32<Stem<dlib::input_rgb_image_sized<150>>>>>>>>>>;

}  // namespace likeness::metrics::network
