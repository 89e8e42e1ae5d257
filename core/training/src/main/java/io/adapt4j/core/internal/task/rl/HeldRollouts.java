package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.data.BatchSource;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One completion per validation prompt, sampled on demand with the same seeds in every evaluation.
 */
record HeldRollouts(
    RolloutMaker maker, Optional<RolloutsAhead> ahead, PromptRows prompts, long seed)
    implements BatchSource<RolloutBatch> {

  private int batch() {
    return maker.algorithm().generationBatch();
  }

  @Override
  public int count() {
    return (prompts.size() + batch() - 1) / batch();
  }

  @Override
  public Iterator<RolloutBatch> epoch(int epoch, int firstBatch) {
    Objects.checkIndex(firstBatch, count() + 1);
    return IntStream.range(firstBatch, count()).mapToObj(this::evaluated).iterator();
  }

  private RolloutBatch evaluated(int number) {
    ahead.ifPresent(RolloutsAhead::settle);
    List<PromptRows.Prompt> part =
        IntStream.range(number * batch(), Math.min(prompts.size(), (number + 1) * batch()))
            .mapToObj(prompts::get)
            .toList();
    MeanMetrics metrics = maker.evaluate(part, seed + number);
    double judged = metrics.count(MetricNames.REWARD);
    return new RolloutBatch(List.of(), maker.padId(), judged, metrics);
  }
}
