package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.ExpertProgram;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The low-rank updates of one linear layer. Updates that apply to a token at the same time are
 * adjacent in the inner buffer; the others share its beginning.
 */
final class LowRankUpdates {

  private record Update(AttachedAdapter adapter, boolean on, Tensor a, Tensor b, long start) {
    long end() {
      return start + a.size(0);
    }
  }

  /** Adapters selectable per token, by index. */
  private final List<AttachedAdapter> named;

  private final List<Update> updates = new ArrayList<>();
  private final Map<AttachedAdapter, Long> ends = new HashMap<>();
  private long endOfThoseOn;

  LowRankUpdates(List<AttachedAdapter> named) {
    this.named = named;
  }

  /** Adds an update, unless it is neither on nor selectable. */
  void add(AttachedAdapter adapter, boolean on, Tensor a, Tensor b) {
    if (!on && !named.contains(adapter)) {
      return;
    }
    long start = on ? endOfThoseOn : ends.getOrDefault(adapter, 0L);
    Update update = new Update(adapter, on, a, b, start);
    updates.add(update);
    ends.put(adapter, update.end());
    endOfThoseOn = on ? update.end() : endOfThoseOn;
  }

  boolean isPresent() {
    return !updates.isEmpty();
  }

  /** Returns the width of the inner buffer per token. */
  long width() {
    return updates.stream().mapToLong(Update::end).max().orElse(0);
  }

  /** Emits the updates of an expert's layer. */
  void write(ExpertProgram experts, int expert) {
    for (Update update : updates) {
      experts.lowRankTerm(
          expert,
          named.indexOf(update.adapter()),
          update.on(),
          update.a().address(),
          update.b().address(),
          StepArguments.code(update.a().type()),
          update.a().size(0),
          update.start());
    }
  }

  void write(StepProgram program, int from, int inner, int to, Linear linear, float scale) {
    for (Update update : updates) {
      program.lowRankTerm(
          named.indexOf(update.adapter()),
          update.on(),
          update.a().address(),
          update.b().address(),
          StepArguments.code(update.a().type()),
          update.a().size(0),
          update.start());
    }
    program.lowRank(from, inner, to, linear.outFeatures(), linear.inFeatures(), scale);
  }
}
