// TorchScript files: networks that a user brings, code in them included. LibTorch cannot stop one that never ends, so
// it runs in a process of its own, likeness-torch, which is stopped when it passes its limits and takes nothing along
// when it crashes. It reads and writes memory that both processes see. The process guards against mistakes in a file,
// not against attacks on LibTorch.
#pragma once

#include <memory>

#include "core/networks/network.h"

namespace likeness {

class TorchScriptNetwork final : public Network {
  public:
    // Takes half a second, mostly for LibTorch. Errors: not_found when LibTorch is not installed or the file is not
    // there; bad_input when it is no TorchScript file, is larger than the limit, or its `forward` takes or returns
    // something other than tensors; device when there is no GPU that LibTorch can use; out_of_memory, cancelled.
    static Result<std::unique_ptr<TorchScriptNetwork>> load(const std::filesystem::path& file,
                                                            NetworkDevice device = NetworkDevice::processor,
                                                            const NetworkLimits& limits = {},
                                                            const Progress* progress = nullptr);
    ~TorchScriptNetwork() override;

    NetworkDevice device() const override { return device_; }
    // Named after the arguments of `forward`; of any shape.
    const std::vector<TensorShape>& inputs() const override { return inputs_; }
    // "output", or "output0", ... of a tuple; of any shape.
    const std::vector<TensorShape>& outputs() const override { return outputs_; }
    // Errors: bad_input when it raises an exception, crashes, gives tensors of another shape than `outputs`, or passes
    // the limit of time; out_of_memory; cancelled. After a crash, or when it was stopped, it is of no more use.
    Status run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
               const Progress* progress = nullptr) override;

  private:
    class Guest;
    TorchScriptNetwork(std::string name, std::string version, const NetworkLimits& limits, NetworkDevice device,
                       std::unique_ptr<Guest> guest);
    NetworkDevice device_;
    std::vector<TensorShape> inputs_, outputs_;
    std::unique_ptr<Guest> guest_;
};

}  // namespace likeness
