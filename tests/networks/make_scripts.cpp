// make_scripts FOLDER: writes the TorchScript files that torchscript_test.cpp runs, each by its name.
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

namespace {

void save(const std::string& folder, const std::string& name, const std::string& forward,
          const std::string& arguments = "self, picture: Tensor", const std::string& returns = "Tensor") {
    torch::jit::Module network(name);
    // A blur of 3 x 3, the same for each channel.
    network.register_parameter("weights", at::full({3, 1, 3, 3}, 1.0 / 9), false);
    std::string body;
    for (std::size_t begin = 0; begin < forward.size();) {
        const std::size_t end = std::min(forward.find('\n', begin), forward.size());
        body += "    " + forward.substr(begin, end - begin) + "\n";
        begin = end + 1;
    }
    network.define("def forward(" + arguments + ") -> " + returns + ":\n" + body);
    network.save(folder + "/" + name + ".pt");
}

}  // namespace

int main(int, char** words) {
    const std::string folder = words[1];
    save(folder, "blur", "return torch.conv2d(picture, self.weights, None, [1, 1], [1, 1], [1, 1], 3)");
    save(folder, "two", "return picture + mask, picture * mask", "self, picture: Tensor, mask: Tensor",
         "Tuple[Tensor, Tensor]");
    save(folder, "half", "return torch.avg_pool2d(picture, [2, 2])");
    save(folder, "whole_numbers", "return picture.to(3)");
    save(folder, "raises", "assert picture.size(0) > 7, 'there is no face'\nreturn picture");
    save(folder, "grey_only", "return torch.conv2d(picture, self.weights)");
    save(folder, "endless", "step = 0\nwhile step >= 0:\n    step = (step + 1) % 1000\nreturn picture");
    save(folder, "greedy",
         "kept = [picture]\nwhile len(kept) < 100000:\n    kept.append(picture.sum() + torch.ones([1000000], "
         "device=picture.device))\nreturn kept[0]");
    save(folder, "immense", "return torch.ones([picture.size(3) * 10000000000000])");
    save(folder, "words", "return text", "self, text: str", "str");
    save(folder, "writer", "torch.save(picture, '" + folder + "/kept')\nreturn picture");
}
