package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.LossNormalization;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.reinforce.Reinforcement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Micro-batches of rollouts, made on demand. All rollouts have the same number of prompts: the last
 * one of an epoch is filled up with prompts from the epoch's beginning.
 */
final class RolloutSource implements BatchSource<RolloutBatch> {

  private static final long ROLLOUTS = 0xD1342543DE82EF95L;

  private final RolloutMaker maker;
  private final Optional<RolloutsAhead> ahead;
  private final PromptRows prompts;
  private final int batchSize;
  private final long seed;
  private Rollout current;

  /** Creates a source; without {@code ahead}, rollouts are drawn and trained on in turns. */
  RolloutSource(
      RolloutMaker maker,
      Optional<RolloutsAhead> ahead,
      PromptRows prompts,
      int batchSize,
      long seed) {
    this.maker = maker;
    this.ahead = ahead;
    this.prompts = prompts;
    this.batchSize = batchSize;
    this.seed = seed;
  }

  private Reinforcement options() {
    return maker.algorithm();
  }

  private static int parts(int whole, int part) {
    return (whole + part - 1) / part;
  }

  private int microBatches() {
    return parts(options().completions(), batchSize);
  }

  private int batchesOfRollout() {
    return microBatches() * options().passes();
  }

  private int rollouts() {
    return parts(prompts.size(), options().prompts());
  }

  @Override
  public int count() {
    return rollouts() * batchesOfRollout();
  }

  @Override
  public Iterator<RolloutBatch> epoch(int epoch, int firstBatch) {
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must be at least 0, found " + epoch);
    }
    Objects.checkIndex(firstBatch, count() + 1);
    return new Epoch(epoch, firstBatch);
  }

  private final class Epoch implements Iterator<RolloutBatch> {
    private final int epoch;
    private int next;

    Epoch(int epoch, int next) {
      this.epoch = epoch;
      this.next = next;
    }

    @Override
    public boolean hasNext() {
      return next < count();
    }

    @Override
    public RolloutBatch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the epoch has " + count() + " batches");
      }
      Rollout rollout = rollout(epoch, next / batchesOfRollout());
      return batch(rollout, next++ % batchesOfRollout());
    }
  }

  private Rollout rollout(int epoch, int inEpoch) {
    int number = epoch * rollouts() + inEpoch;
    if (current == null || current.number() != number) {
      double kl =
          current != null
              ? current.nextKl()
              : maker.algorithm() instanceof Ppo ppo ? ppo.klCoefficient() : 0;
      current = maker.make(number, drawn(number), kl);
    }
    return current;
  }

  private RolloutDrawing.Drawn drawn(int number) {
    if (ahead.isEmpty()) {
      return draw(maker.drawing(), number);
    }
    Rollout drawn = ahead.get().take(number, this::draw);
    return new RolloutDrawing.Drawn(drawn.samples(), new double[0], drawn.metrics());
  }

  private RolloutDrawing.Drawn draw(RolloutDrawing drawing, int number) {
    int epoch = number / rollouts();
    int inEpoch = number % rollouts();
    return drawing.draw(
        number, chosen(epoch, inEpoch), others(epoch, inEpoch), seed + ROLLOUTS * number);
  }

  private List<PromptRows.Prompt> chosen(int epoch, int inEpoch) {
    List<Integer> order = shuffled(prompts.size(), seed + epoch);
    List<PromptRows.Prompt> chosen = new ArrayList<>();
    for (int i = 0; i < options().prompts(); i++) {
      int at = (inEpoch * options().prompts() + i) % order.size();
      chosen.addAll(Collections.nCopies(options().groupSize(), prompts.get(order.get(at))));
    }
    return chosen;
  }

  /** Returns the prompts that follow those of a rollout in the epoch, from its beginning again. */
  private IntFunction<PromptRows.Prompt> others(int epoch, int inEpoch) {
    List<Integer> order = shuffled(prompts.size(), seed + epoch);
    int after = (inEpoch + 1) * options().prompts();
    return number -> prompts.get(order.get((after + number) % order.size()));
  }

  private static List<Integer> shuffled(int size, long seed) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, size).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    return order;
  }

  private RolloutBatch batch(Rollout rollout, int number) {
    int pass = number / microBatches();
    int from = number % microBatches() * batchSize;
    List<Integer> order =
        shuffled(rollout.samples().size(), seed + ROLLOUTS * rollout.number() + 1 + pass);
    List<Sample> samples =
        order.subList(from, Math.min(order.size(), from + batchSize)).stream()
            .map(rollout.samples()::get)
            .toList();
    int[] lengths = RolloutBatch.lengths(samples);
    LossNormalization normalization =
        maker.algorithm() instanceof Grpo grpo ? grpo.normalization() : LossNormalization.DAPO;
    return new RolloutBatch(
        samples,
        maker.padId(),
        normalization.divisor(lengths, PreparedPolicy.mostTokens(options())),
        rollout.metrics());
  }

  /** Returns a batch of the current rollout, to avoid making one. */
  @Override
  public RolloutBatch any() {
    return current == null ? epoch(0).next() : batch(current, 0);
  }

  @Override
  public List<TensorData> state() {
    List<TensorData> state = new ArrayList<>();
    if (current != null) {
      state.addAll(RolloutState.CURRENT.save(current));
    }
    ahead
        .flatMap(RolloutsAhead::waiting)
        .ifPresent(next -> state.addAll(RolloutState.AHEAD.save(next)));
    return state;
  }

  @Override
  public void restore(Checkpoint state) {
    current = RolloutState.CURRENT.restore(state).orElse(null);
    ahead.ifPresent(next -> next.restore(RolloutState.AHEAD.restore(state)));
  }
}
