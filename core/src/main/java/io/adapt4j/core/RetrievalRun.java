package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.RetrievalBatch;
import io.adapt4j.core.internal.data.RetrievalBatches;
import io.adapt4j.core.internal.data.RetrievalEncoder;
import io.adapt4j.core.internal.data.RetrievalRows;
import io.adapt4j.core.internal.encode.RankingLoss;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.train.QueryPassages;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** A run that teaches an encoder to embed queries near their passages. */
final class RetrievalRun implements TaskRun {

  private final FineTuneSettings settings;
  private final Task.Embeddings task;
  private final SentenceFolder folder;
  private final RetrievalRows train;
  private final Optional<RetrievalRows> held;
  private final int paddingId;
  private final RunParts parts;

  private RetrievalRun(
      FineTuneSettings settings,
      Task.Embeddings task,
      SentenceFolder folder,
      RetrievalRows train,
      Optional<RetrievalRows> held,
      int paddingId,
      int maxLength) {
    this.settings = settings;
    this.task = task;
    this.folder = folder;
    this.train = train;
    this.held = held;
    this.paddingId = paddingId;
    this.parts = new RunParts(settings, train.report(), held.map(RetrievalRows::report), maxLength);
  }

  static RetrievalRun prepare(
      FineTuneSettings settings, Task.Embeddings task, Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    SentenceFolder folder = SentenceFolder.read(model.folder());
    Encoder declared = (Encoder) model.declare();
    int usual =
        Math.min(
            LoadedEncoder.maxTokens(declared, tokenizer, folder.maxTokens()),
            settings.usualLength());
    int maxLength = settings.maxLength().orElse(usual);
    RetrievalEncoder encoder =
        new RetrievalEncoder(
            tokenizer,
            new RetrievalEncoder.Options(
                maxLength, task.queryPrompt(), task.passagePrompt(), folder.lowerCase()));
    try {
      RetrievalRows train = rows(settings.train(), encoder, maxLength);
      Optional<RetrievalRows> held =
          settings.validation().map(data -> rows(data, encoder, maxLength));
      RunRepeat.requireSameData(settings, train.report(), held.map(RetrievalRows::report));
      int paddingId = model.config().padTokenId().orElse(tokenizer.paddingId());
      return new RetrievalRun(settings, task, folder, train, held, paddingId, maxLength);
    } catch (DatasetException e) {
      throw new FineTuneException(List.of(e.getMessage()));
    }
  }

  private static RetrievalRows rows(Dataset data, RetrievalEncoder encoder, int maxLength) {
    RetrievalRows rows = RetrievalRows.of(data, encoder);
    TaskRun.requireUsable(data, rows.report(), maxLength);
    return rows;
  }

  @Override
  public FineTunePlan plan(Network declared) {
    return parts.plan(declared, batches().count());
  }

  @Override
  public TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested) {
    Encoder encoder = (Encoder) network;
    Adaptation saving = new SentenceAdaptation(adaptation, settings.objective().model(), encoder);
    return with(
        encoder,
        ranking ->
            parts.train(ranking, network, saving, plan, batches(), heldBatches(), stopRequested));
  }

  @Override
  public Forecast forecast(Network declared, Device device) {
    int longest =
        Math.max(train.report().longest(), held.map(one -> one.report().longest()).orElse(0));
    int texts = train.mostTexts();
    // Queries pass first, then the passages of all of them.
    return parts.forecast(
        declared,
        longest,
        parts.rows() * texts,
        planner -> planner.encoding(parts.rows() * Math.max(1, texts - 1)),
        device);
  }

  @Override
  public TimedSteps timed(Network network, Adaptation adaptation, int steps) {
    return with(
        (Encoder) network,
        ranking -> parts.timed(ranking, adaptation, batches(), heldBatches(), steps));
  }

  @Override
  public LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep) {
    return with(
        (Encoder) network,
        ranking -> parts.sweep(ranking, adaptation, batches(), StepHooks.NONE, sweep));
  }

  /** Does something with the modules after the network in memory. */
  private <T> T with(Encoder encoder, Function<QueryPassages, T> action) {
    int hidden = encoder.dimensions().hiddenSize();
    try (VectorHead head = VectorHead.declare(hidden, folder, VectorHead.Changes.NONE)) {
      head.load(encoder.type());
      RankingLoss loss = new RankingLoss(encoder, head, task.scale());
      return action.apply(new QueryPassages(loss, settings.objective().selection()));
    }
  }

  private BatchSource<RetrievalBatch> batches() {
    return RetrievalBatches.shuffled(train, settings.batchSize(), paddingId, settings.seed());
  }

  private Optional<BatchSource<RetrievalBatch>> heldBatches() {
    return held.map(one -> RetrievalBatches.inOrder(one, settings.batchSize(), paddingId));
  }
}
