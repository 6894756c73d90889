// The groups of tests/engine/added_groups.h on the GPU.
#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/stream.h"
#include "tests/engine/added_groups_math.h"

namespace likeness::test {
namespace {

template <class Work>
__global__ void run_kernel(int count, const Work work) {
    const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count) work(i);
}

struct Gpu {
    class Memory {
      public:
        explicit Memory(const std::vector<float>& values) : values_(stream_) {
            values_.upload(values);
            stream_.wait();
        }
        const float* data() const { return values_.data(); }

      private:
        cuda::Stream stream_;
        cuda::DeviceBuffer<float> values_;
    };
    template <class Work>
    static void run(const StepArrays& arrays, int count, const Work& work) {
        if (count == 0) return;
        constexpr int threads = 128;
        run_kernel<<<(count + threads - 1) / threads, threads, 0, static_cast<cudaStream_t>(arrays.stream)>>>(count, work);
        cuda::check(cudaGetLastError(), "added group");
    }
};

}  // namespace

const AddedModules& gpu_modules() {
    static const AddedModules modules = added::modules_of<Gpu>();
    return modules;
}

}  // namespace likeness::test
