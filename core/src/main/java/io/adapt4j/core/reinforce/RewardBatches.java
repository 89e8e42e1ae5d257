package io.adapt4j.core.reinforce;

import io.adapt4j.core.data.Batch;
import io.adapt4j.core.data.BatchSource;
import io.adapt4j.core.data.PaddingSide;
import io.adapt4j.core.data.TrainingSample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.IntStream;

/** Batches of pairs, read and tokenised one batch at a time. */
public final class RewardBatches implements BatchSource<RewardBatch> {

  private final RewardRows rows;
  private final int batchSize;
  private final int paddingId;
  private final OptionalLong seed;

  private RewardBatches(RewardRows rows, int batchSize, int paddingId, OptionalLong seed) {
    this.rows = rows;
    this.batchSize = batchSize;
    this.paddingId = paddingId;
    this.seed = seed;
  }

  /**
   * Takes the pairs in their order.
   *
   * @param rows the pairs, at least one
   * @param batchSize pairs in a batch, at least 1
   * @param paddingId the id to fill with
   * @return the batches
   */
  public static RewardBatches inOrder(RewardRows rows, int batchSize, int paddingId) {
    return new RewardBatches(rows, batchSize, paddingId, OptionalLong.empty());
  }

  /**
   * Takes the pairs of every epoch in an order of its own.
   *
   * @param rows the pairs, at least one
   * @param batchSize pairs in a batch, at least 1
   * @param paddingId the id to fill with
   * @param seed of the orders
   * @return the batches
   */
  public static RewardBatches shuffled(RewardRows rows, int batchSize, int paddingId, long seed) {
    return new RewardBatches(rows, batchSize, paddingId, OptionalLong.of(seed));
  }

  @Override
  public int count() {
    return (rows.size() + batchSize - 1) / batchSize;
  }

  @Override
  public Iterator<RewardBatch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    List<Integer> order = new ArrayList<>(IntStream.range(0, rows.size()).boxed().toList());
    if (seed.isPresent()) {
      Collections.shuffle(order, new Random(seed.getAsLong() + epoch));
    }
    return IntStream.range(firstBatch, count())
        .mapToObj(
            batch ->
                batch(
                    order.subList(
                        batch * batchSize, Math.min(order.size(), (batch + 1) * batchSize))))
        .iterator();
  }

  private RewardBatch batch(List<Integer> numbers) {
    List<RewardRows.Pair> pairs = numbers.stream().map(rows::get).toList();
    List<TrainingSample> sides = new ArrayList<>();
    pairs.forEach(pair -> sides.add(pair.chosen()));
    pairs.forEach(pair -> sides.add(pair.rejected()));
    float[] margins = new float[pairs.size()];
    float[] weights = new float[pairs.size()];
    for (int i = 0; i < margins.length; i++) {
      margins[i] = pairs.get(i).margin();
      weights[i] = pairs.get(i).weight();
    }
    return new RewardBatch(Batch.of(sides, paddingId, PaddingSide.RIGHT), margins, weights);
  }
}
