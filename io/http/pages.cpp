// The pages, and what a browser may do with them.
#include <string>

#include "engine/check.hpp"
#include "io/codec/checksum.hpp"
#include "io/http/documents.hpp"
#include "io/http/route_views.hpp"

namespace coreloop::io {
namespace {

/// The source expression that allows the one `<tag>` of a page, and no other.
std::string hash_of(std::string_view page, const std::string& tag) {
  const std::size_t begin = page.find("<" + tag + ">");
  const std::size_t end = page.find("</" + tag + ">");
  CHECK(begin != page.npos && end != page.npos, "a page has a style and a script");
  const std::size_t text_begin = begin + tag.size() + 2;
  Sha256 sum;
  sum.add(page.substr(text_begin, end - text_begin));
  return "'sha256-" + base64_of(sum.bytes()) + "'";
}

/// The page brings its own script and style, may ask nobody but us, and makes no markup of texts.
std::string policy_of(std::string_view page) {
  return "default-src 'none'; script-src " + hash_of(page, "script") + "; style-src " +
         hash_of(page, "style") +
         "; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
}

HttpAnswer page_answer(std::string_view page, const std::string& policy) {
  return {200,
          "text/html; charset=utf-8",
          std::string{page},
          {{"Content-Security-Policy", policy}, {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace

HttpAnswer show_live(const ViewRequest& /*request*/) {
  static const std::string policy = policy_of(live_page);
  return page_answer(live_page, policy);
}

HttpAnswer show_docs(const ViewRequest& /*request*/) {
  static const std::string policy = policy_of(docs_page);
  return page_answer(docs_page, policy);
}

}  // namespace coreloop::io
