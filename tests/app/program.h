// The program `likeness`, run as a person runs it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/formats/temporary_folder.h"

namespace likeness::test {

struct Outcome {
    int code = -1;  // exit code; 128 + n when a signal n ended it
    std::string out, err;
};

class Program {
  public:
    // Starts it in `folder`; output goes to hidden files there, settings and autosaves below home_in(folder).
    // file_limit: bytes that a file may have (0: no limit), which is what a full disk looks like.
    Program(const std::vector<std::string>& arguments, const std::filesystem::path& folder, long file_limit = 0);
    // Another program, which finds this one as $LIKENESS.
    Program(const std::string& executable, const std::vector<std::string>& arguments,
            const std::filesystem::path& folder, long file_limit = 0);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Waits until its standard error holds `text`; false when it ended before that.
    bool wait_for(const std::string& text);
    void signal(int number) const;
    Outcome wait();  // for its end

  private:
    bool ended();
    std::filesystem::path out_, err_;
    pid_t process_ = -1;
    int status_ = 0;
    bool reaped_ = false;
};

Outcome run(const std::vector<std::string>& arguments, const std::filesystem::path& folder, long file_limit = 0);

// A line of the shell; "$LIKENESS" is the program.
Outcome shell(const std::string& line, const std::filesystem::path& folder);

std::filesystem::path home_in(const std::filesystem::path& folder);
// Autosaves that programs in the folder left.
std::vector<std::filesystem::path> autosaves_of(const std::filesystem::path& folder);
void write_text(const std::filesystem::path& file, const std::string& text);
// Names in a folder, without those of the program's own output; sorted.
std::vector<std::string> listing(const std::filesystem::path& folder);

// The sample portrait.
std::filesystem::path sample();
// A small avatar of the sample, trained once by the program; throws with its words when that fails.
const std::filesystem::path& trained();
// What makes training short.
std::vector<std::string> train_arguments(const std::filesystem::path& photo, const std::filesystem::path& avatar,
                                         int steps = 20);

// One line that begins with the program's name.
void expect_one_sentence(const Outcome& outcome, const std::string& mentions);

}  // namespace likeness::test
