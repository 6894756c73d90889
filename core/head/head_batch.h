// A head in many poses at once: from poses to vertices, and gradients back. The formulas are those of head_model.h;
// the GPU's twin is likeness/cuda/head.h. The same input gives the same bits, however many threads work.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <memory>
#include <vector>

#include "core/head/head_arrays.h"
#include "core/head/head_model.h"

namespace likeness {

class HeadBatch {
  public:
    // What does not change from pose to pose. `shell_vertices` [3, S] and `shell_weights` [J, S] may be empty. The model
    // must outlive this: its identity targets are not copied.
    void load(const HeadModel& model, const PersonalHead& person, const Vertices& shell_vertices,
              const Eigen::MatrixXf& shell_weights);

    HeadShape shape(int frames) const;
    const float* rest() const { return rest_.data(); }                       // [vertices, 3] as loaded
    const float* joint_position() const { return joint_position_.data(); }  // [joints, 3]

    // rest = loaded + identity targets * `identity` + `offsets` [vertices, 3], joints likewise; null for none.
    void shape_person(const float* identity, const float* offsets, float* rest, float* joints) const;

    // express(), then skin(), in one pass over the vertices.
    void forward(const HeadShape& shape, const float* rest, const float* joint_position, const HeadPoses& poses,
                 const HeadOutputs& outputs) const;
    // All outputs but `vertices`. `rested` may be changed before skin().
    void express(const HeadShape& shape, const float* rest, const float* joint_position, const HeadPoses& poses,
                 const HeadOutputs& outputs) const;
    // `vertices` from `rested` and `transforms`.
    void skin(const HeadShape& shape, const HeadOutputs& outputs) const;

    std::size_t backward_floats(const HeadShape& shape) const;  // of scratch memory
    // `outputs` as they were after skin(); `grad_vertices` [frames, vertices, 3]. skin_backward(), then
    // express_backward().
    void backward(const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                  const HeadOutputs& outputs, const float* grad_vertices, float* scratch,
                  const HeadGradients& gradients) const;
    // gradients.rested, which may be read and changed before express_backward(); it and the scratch memory lead there.
    void skin_backward(const HeadShape& shape, const HeadOutputs& outputs, const float* grad_vertices, float* scratch,
                       const HeadGradients& gradients) const;
    // All other gradients.
    void express_backward(const HeadShape& shape, const float* joint_position, const HeadPoses& poses, float* scratch,
                          const HeadGradients& gradients) const;

  private:
    struct Scratch;
    Scratch cut(const HeadShape& shape, float* memory, const HeadGradients& gradients) const;
    std::size_t blocks() const { return active_joints_.size(); }
    void set_rig(const HeadShape& shape, const float* joint_position, const HeadPoses& poses,
                 const HeadOutputs& outputs) const;
    void express_block(const HeadShape& shape, std::size_t block, const float* rest, const float* coefficients,
                       float* rested, std::size_t frame_stride) const;
    void skin_block(const HeadShape& shape, std::size_t block, const float* transforms, const float* rested,
                    std::size_t frame_stride, float* vertices) const;

    const HeadModel* model_ = nullptr;
    std::shared_ptr<const ExpressionBasis> basis_;
    HeadShape shape_;
    Vertices rest_;
    Eigen::Matrix3Xf joint_position_;
    std::vector<const float*> targets_;            // [coefficients()] columns of [expressed, 3]
    RowMatrix weights_;                            // [joints, vertices up to whole blocks]
    std::vector<std::vector<int>> active_joints_;  // that move any vertex of a block
};

}  // namespace likeness
