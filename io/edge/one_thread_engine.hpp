// The whole engine on one thread, stepped by hand: every stage and both ends joined by one slot.
// What it publishes is what any other layout must publish too.
#pragma once

#include <utility>

#include "engine/segment.hpp"
#include "io/edge/egress.hpp"
#include "io/edge/ingress.hpp"
#include "stages/names.hpp"
#include "stages/pipeline.hpp"
#include "stages/text_ring.hpp"

namespace coreloop::io {

template <Source SourceType, Sink SinkType>
class OneThreadEngine {
 public:
  /// Makes every table; nothing on an event's way allocates afterwards. `source` and `sink` must
  /// outlive it. `names`: tables that already hold the conf's accounts and symbols.
  OneThreadEngine(const stages::DecisionConf& decision, stages::Names& names, SourceType& source,
                  IngressOptions ingress_options, SinkType& sink, EgressOptions egress_options)
      : text_(text_capacity_log2),
        risk_(decision, feedback_),
        fill_(decision, feedback_),
        mark_(decision),
        ingress_(source, names, text_, std::move(ingress_options)),
        egress_(sink, names, text_, std::move(egress_options)),
        segment_(ingress_, risk_, fill_, mark_, egress_) {}

  /// Takes at most one input and moves it as far as it goes.
  engine::StepResult step() noexcept { return segment_.step(); }

  /// After the last step: books the last answer, so that both books have finished the same input.
  void settle() noexcept { risk_.settle(); }

  [[nodiscard]] const stages::Risk& risk() const noexcept { return risk_.risk(); }
  [[nodiscard]] const stages::Mark& mark() const noexcept { return mark_.mark(); }
  [[nodiscard]] const Ingress<SourceType>& ingress() const noexcept { return ingress_; }
  [[nodiscard]] const Egress<SinkType>& egress() const noexcept { return egress_; }

 private:
  static constexpr unsigned text_capacity_log2 = 12;

  stages::TextRing text_;
  stages::FeedbackMailbox feedback_;
  stages::RiskStage<stages::FeedbackMailbox> risk_;
  stages::FillStage<stages::FeedbackMailbox> fill_;
  stages::MarkStage mark_;
  Ingress<SourceType> ingress_;
  Egress<SinkType> egress_;
  engine::Segment<stages::Event, Ingress<SourceType>, stages::RiskStage<stages::FeedbackMailbox>,
                  stages::FillStage<stages::FeedbackMailbox>, stages::MarkStage, Egress<SinkType>>
      segment_;
};

}  // namespace coreloop::io
