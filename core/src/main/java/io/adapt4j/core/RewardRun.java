package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.PreferenceBatches;
import io.adapt4j.core.internal.data.PreferenceRows;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.reinforce.PairwiseLoss;
import io.adapt4j.core.reinforce.PairwiseObjective;
import io.adapt4j.core.reinforce.RewardBatches;
import io.adapt4j.core.reinforce.RewardTask;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A run that teaches a network to give the better of two answers the higher number. */
final class RewardRun implements TaskRun {

  private static final int SIDES = 2;

  private final FineTuneSettings settings;
  private final Task.Reward task;
  private final PreferenceRows train;
  private final Optional<PreferenceRows> held;
  private final ExampleEncoder encoder;
  private final int paddingId;
  private final float[] margins;
  private final float[] heldMargins;
  private final RunParts parts;

  private RewardRun(
      FineTuneSettings settings,
      Task.Reward task,
      PreferenceRows train,
      Optional<PreferenceRows> held,
      ExampleEncoder encoder,
      int paddingId) {
    this.settings = settings;
    this.task = task;
    this.train = train;
    this.held = held;
    this.encoder = encoder;
    this.paddingId = paddingId;
    this.margins = RewardBatches.margins(train, task.marginField());
    this.heldMargins =
        held.map(rows -> RewardBatches.margins(rows, task.marginField())).orElse(new float[0]);
    this.parts =
        new RunParts(
            settings, train.report(), held.map(PreferenceRows::report), encoder.maxLength());
  }

  static RewardRun prepare(FineTuneSettings settings, Task.Reward task, Tokenizer tokenizer) {
    int maxLength =
        settings.lengthLimit();
    TaskModel model = settings.objective().model();
    boolean ends = ((Encoder) model.declare()).isCausal() && tokenizer.eosId().isPresent();
    ExampleEncoder.Builder encoding =
        ExampleEncoder.builder(tokenizer, maxLength).overflow(settings.overflow()).appendEos(ends);
    settings.chatTemplate().ifPresent(encoding::chatTemplate);
    ExampleEncoder encoder = encoding.build();
    try {
      PreferenceRows train = rows(settings.train(), encoder);
      Optional<PreferenceRows> held = settings.validation().map(data -> rows(data, encoder));
      RunRepeat.requireSameData(settings, train.report(), held.map(PreferenceRows::report));
      int paddingId = model.config().padTokenId().orElse(tokenizer.paddingId());
      return new RewardRun(settings, task, train, held, encoder, paddingId);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  private static PreferenceRows rows(Dataset data, ExampleEncoder encoder) {
    PreferenceRows rows = PreferenceRows.of(data, encoder);
    TaskRun.requireUsable(data, rows.report(), encoder.maxLength());
    return rows;
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, batches().count());
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    return parts
        .trainer(
            reward(network),
            adaptation,
            batches(),
            heldBatches(),
            List.of(),
            encoder.usedChatTemplate(),
            stopRequested)
        .run(parts.start(network, plan));
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return parts.sweep(reward(network), adaptation, batches(), StepHooks.NONE, sweep);
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return parts.timed(reward(network), adaptation, batches(), heldBatches(), steps);
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    int longest =
        Math.max(train.report().longest(), held.map(one -> one.report().longest()).orElse(0));
    return parts.forecast(declared, longest, SIDES, device);
  }

  private RewardTask reward(Network network) {
    return new RewardTask(
        new PairwiseLoss((Encoder) network, new PairwiseObjective(task.centring())),
        settings.objective().selection());
  }

  private RewardBatches batches() {
    return RewardBatches.of(
        PreferenceBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed()),
        margins);
  }

  private Optional<RewardBatches> heldBatches() {
    return held.map(
        rows ->
            RewardBatches.of(
                PreferenceBatches.inOrder(rows, settings.batchSize(), paddingId), heldMargins));
  }
}
