// What moves hair: the head where it grows, the torso where it lies on shoulders, chest or back, both between these.
#pragma once

#include <vector>

#include "core/avatar/avatar_parts.h"
#include "core/head/head_model.h"

namespace likeness {

// Skin weights [J, S] of a hair shell at rest (hair_shell.h; metres). `hair`: for each vertex, in [0, 1], how much
// there is. Down a column from the lobes the torso's share grows as its surface comes near, to 1 where the hair lies on
// it; in columns whose hair ends above it (a bob, short hair) the head has all.
Eigen::MatrixXf hanging_weights(const HeadModel& model, const PersonalHead& person, const Vertices& shell,
                                const std::vector<float>& hair);

// Where a shell with these weights must be at rest so that a posed head carries it to `posed` [3, S].
Vertices shell_at_rest(const Vertices& posed, const Eigen::MatrixXf& weights, const PosedHead& head);

}  // namespace likeness
