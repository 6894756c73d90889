#include "cuda/device_groups.h"

#include <algorithm>
#include <stdexcept>

namespace likeness::cuda {
namespace {

int attribute_of(const std::string& name) {
    for (std::size_t a = 0; a < gaussian_attributes.size(); ++a)
        if (name == gaussian_attributes[a].name) return int(a);
    return -1;
}

void zero(DeviceBuffer<float>& buffer, std::size_t count) {
    buffer.resize(count);
    buffer.fill_zero();
}

}  // namespace

void DeviceGroups::clear() {
    table_.clear();
    own_.clear();
    clear_views();
}

int DeviceGroups::add(ParameterGroup group) {
    if (table_.size() == most_groups) throw std::invalid_argument("training step: too many parameter groups");
    auto own = std::make_unique<Own>(stream_, group.width);
    own->attribute = attribute_of(group.name);
    if (own->attribute < 0 && group.clock == StepClock::steps) {
        own->values.upload(group.values);
        own->centre.upload(group.prior.centre.empty() ? group.values : group.prior.centre);
        for (DeviceBuffer<float>* buffer : {&own->first, &own->second, &own->gradients})
            zero(*buffer, group.values.size());
    }
    const int k =
        table_.add(std::move(group), own->attribute >= 0 && !gaussian_attributes[std::size_t(own->attribute)].color);
    if (table_[k].column_bounds()) {
        std::vector<float> low, high;
        for (std::size_t c = 0; c < table_[k].about.width; ++c) {
            low.push_back(table_[k].low(c));
            high.push_back(table_[k].high(c));
        }
        own->low.upload(low);
        own->high.upload(high);
    }
    own_.push_back(std::move(own));
    return k;
}

void DeviceGroups::put_splats(const GaussianValues& values, std::size_t count) {
    DeviceBuffer<float> block(stream_);
    block.upload(attribute_block(values, count));
    take_splats(std::move(block), count);
}

void DeviceGroups::take_splats(DeviceBuffer<float> block, std::size_t count) {
    splats_ = std::move(block);
    count_ = count;
    for (DeviceBuffer<float>* buffer : {&splat_first_, &splat_second_, &splat_gradients_}) zero(*buffer, splats_.size());
    splat_centre_.resize(splats_.size());
    if (count > 0) {
        check(cudaMemcpyAsync(splat_centre_.data(), splats_.data(), splats_.bytes(), cudaMemcpyDeviceToDevice, stream_),
              "keep the seed");
    }
    for (std::size_t k = 0; k < own_.size(); ++k)
        if (own_[k]->attribute >= 0) table_.restart(int(k), count);
    ++generation_;
}

void DeviceGroups::add_view(const std::map<int, std::vector<float>>& first) {
    for (std::size_t k = 0; k < own_.size(); ++k) {
        if (!of_views(int(k))) continue;
        const ParameterGroup& about = table_[int(k)].about;
        const auto given = first.find(int(k));
        const std::vector<float>& values = given == first.end() ? about.values : given->second;
        const std::vector<float> zeros(about.width, 0.0f);
        own_[k]->rows[0].add(values);
        own_[k]->rows[1].add(zeros);
        own_[k]->rows[2].add(zeros);
        own_[k]->rows[3].add(about.prior.centre.empty() ? values : about.prior.centre);
    }
    if (++views_ > view_steps_.size()) {
        DeviceBuffer<int> larger(stream_, std::max<std::size_t>(64, 2 * views_));
        larger.fill_zero();
        if (view_steps_.size() > 0) {
            check(cudaMemcpyAsync(larger.data(), view_steps_.data(), view_steps_.bytes(), cudaMemcpyDeviceToDevice,
                                  stream_),
                  "grow");
        }
        view_steps_ = std::move(larger);
        ++generation_;
    }
}

void DeviceGroups::clear_views() {
    for (std::size_t k = 0; k < own_.size(); ++k)
        for (ViewRows& rows : own_[k]->rows) rows.clear();
    view_steps_.resize(0);
    views_ = 0;
    ++generation_;
}

std::vector<float> DeviceGroups::download(int k) const {
    const Own& own = *own_[std::size_t(k)];
    if (own.attribute >= 0) {
        const std::size_t width = table_[k].about.width;
        const std::vector<float> block = splats_.download();
        const auto begin = block.begin() + std::ptrdiff_t(attribute_start(std::size_t(own.attribute), count_));
        return {begin, begin + std::ptrdiff_t(width * count_)};
    }
    return of_views(k) ? own.rows[0].download() : own.values.download();
}

std::vector<float> DeviceGroups::download_row(int k, std::size_t view) const {
    return own_[std::size_t(k)]->rows[0].download(view);
}

std::vector<float> DeviceGroups::download_gradients(int k, std::size_t batch) const {
    const Own& own = *own_[std::size_t(k)];
    const ParameterGroup& about = table_[k].about;
    const float* from = own.gradients.data();
    std::size_t count = own.gradients.size();
    if (own.attribute >= 0) {
        from = splat_gradients_.data() + attribute_start(std::size_t(own.attribute), count_);
        count = about.width * count_;
    } else if (of_views(k)) {
        count = about.width * batch;
    }
    std::vector<float> values(count);
    if (count > 0) {
        check(cudaMemcpyAsync(values.data(), from, count * sizeof(float), cudaMemcpyDeviceToHost, stream_),
              "download gradients");
    }
    check(cudaStreamSynchronize(stream_), "download gradients");
    return values;
}

void DeviceGroups::download_splats(GaussianValues& values) const {
    downloaded_.reserve(splats_.size());
    splats_.download(downloaded_.data());
    read_attribute_block(downloaded_.data(), values);
}

std::uint64_t DeviceGroups::generation() const {
    std::uint64_t sum = generation_;
    for (const auto& own : own_)
        for (const ViewRows& rows : own->rows) sum += rows.generation();
    return sum;
}

void DeviceGroups::prepare(std::size_t batch) {
    for (std::size_t k = 0; k < own_.size(); ++k) {
        if (!of_views(int(k))) continue;
        const std::size_t floats = batch * table_[int(k)].about.width;
        if (own_[k]->gathered.capacity() < floats) ++generation_;
        own_[k]->gathered.resize(floats);
        own_[k]->gradients.resize(floats);
    }
}

float* DeviceGroups::gradients(int k) {
    Own& own = *own_[std::size_t(k)];
    if (own.attribute >= 0) return splat_gradients_.data() + attribute_start(std::size_t(own.attribute), count_);
    return own.gradients.data();
}

void DeviceGroups::clear_gradients(int k, std::size_t batch) {
    const std::size_t floats = (of_views(k) ? batch : table_[k].rows) * table_[k].about.width;
    check(cudaMemsetAsync(gradients(k), 0, floats * sizeof(float), stream_), "clear gradients");
}

std::vector<DeviceGroup> DeviceGroups::groups(std::size_t batch, std::size_t surface_vertices) {
    std::vector<DeviceGroup> groups;
    for (std::size_t k = 0; k < own_.size(); ++k) {
        Own& own = *own_[k];
        const ParameterGroup& about = table_[int(k)].about;
        DeviceGroup g;
        g.step = int(k);
        g.width = unsigned(about.width);
        g.gradients = gradients(int(k));
        if (own.attribute >= 0) {
            const std::size_t from = attribute_start(std::size_t(own.attribute), count_);
            g.count = unsigned(about.width * count_);
            g.values = splats_.data() + from;
            g.first_moments = splat_first_.data() + from;
            g.second_moments = splat_second_.data() + from;
            g.centre = splat_centre_.data() + from;
        } else if (of_views(int(k))) {
            g.count = unsigned(about.width * batch);
            g.of_views = true;
            g.values = own.rows[0].data();
            g.first_moments = own.rows[1].data();
            g.second_moments = own.rows[2].data();
            g.centre = own.rows[3].data();
        } else {
            g.count = unsigned(own.values.size());
            g.on_surface = table_[int(k)].rows == surface_vertices;
            g.values = own.values.data();
            g.first_moments = own.first.data();
            g.second_moments = own.second.data();
            g.centre = own.centre.data();
        }
        if (own.low.size() > 0) {
            g.low = own.low.data();
            g.high = own.high.data();
        }
        groups.push_back(g);
    }
    return groups;
}

}  // namespace likeness::cuda
