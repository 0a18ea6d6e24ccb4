// Says the first line of each file that it is called with, or what kept it from that: each is read in a thread of its own, whose
// exception is caught where the answer is waited for. Its status is the number of files that could not be read.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

std::string first_line(const std::filesystem::path &path) {
  if (std::filesystem::file_size(path) == 0)
    throw std::runtime_error("it is empty");
  std::ifstream file(path);
  if (!file)
    throw std::system_error(errno, std::generic_category());
  std::string line;
  std::getline(file, line);
  return line;
}

} // namespace

int main(int count, char **words) {
  std::vector<std::pair<std::string, std::future<std::string>>> asked;
  for (int place = 1; place < count; ++place)
    asked.emplace_back(words[place], std::async(std::launch::async, first_line, words[place]));
  return static_cast<int>(std::count_if(asked.begin(), asked.end(), [](auto &one) {
    std::cout << one.first << ": ";
    try {
      std::cout << one.second.get() << std::endl;
      return false;
    } catch (const std::filesystem::filesystem_error &error) {
      std::cout << "not there: " << error.code().message() << std::endl;
    } catch (const std::system_error &error) {
      std::cout << "refused: " << error.code().message() << std::endl;
    } catch (const std::exception &error) {
      std::cout << "wrong: " << error.what() << std::endl;
    }
    return true;
  }));
}
