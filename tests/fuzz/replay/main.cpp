// Runs a fuzz target over the files of a folder, without libFuzzer: corpora as ordinary tests.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int n = 1; n < argc; ++n)
    for (const auto& entry : std::filesystem::directory_iterator{argv[n]}) {
      std::ifstream file{entry.path(), std::ios::binary};
      const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
      std::cout << entry.path().filename().string() << std::endl; // the last one is the culprit
      const std::vector<std::uint8_t> input{bytes.begin(), bytes.end()};
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++count;
    }
  std::cout << count << " files" << std::endl;
  return count > 0 ? 0 : 1;
}
