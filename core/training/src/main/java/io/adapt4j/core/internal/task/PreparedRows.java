package io.adapt4j.core.internal.task;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.train.TrainingTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;

/** A task whose rows are encoded one by one and collated into batches. */
public class PreparedRows<B> implements PreparedTask<B> {

  private final FineTuneSettings settings;
  private final int maxLength;
  private final RowBatches<B> train;
  private final Optional<RowBatches<B>> held;
  private final Function<Network, TrainingTask<B>> task;

  /** Encodes training and validation data. */
  public PreparedRows(
      FineTuneSettings settings,
      int maxLength,
      Function<Dataset, RowBatches<B>> encoding,
      Function<Network, TrainingTask<B>> task) {
    this.settings = settings;
    this.maxLength = maxLength;
    this.task = task;
    this.train = EncodedData.encoded(() -> usable(settings.train(), encoding));
    EncodedData.requireUnmasked(settings, train.report());
    this.held =
        EncodedData.encoded(() -> settings.validation().map(data -> usable(data, encoding)));
  }

  /** Encodes the data of a task that overrides {@link #with}. */
  protected PreparedRows(
      FineTuneSettings settings, int maxLength, Function<Dataset, RowBatches<B>> encoding) {
    this(
        settings,
        maxLength,
        encoding,
        network -> {
          throw new IllegalStateException("the task needs more than a network");
        });
  }

  private RowBatches<B> usable(Dataset data, Function<Dataset, RowBatches<B>> encoding) {
    RowBatches<B> rows = encoding.apply(data);
    EncodedData.requireUsable(data, rows.report(), maxLength);
    return rows;
  }

  /** Returns the model's padding token, or else the tokenizer's. */
  public static int paddingId(FineTuneSettings settings, Tokenizer tokenizer) {
    return settings.objective().model().config().padTokenId().orElse(tokenizer.paddingId());
  }

  protected final FineTuneSettings settings() {
    return settings;
  }

  /** {@return the rows to train on} */
  protected final RowBatches<B> train() {
    return train;
  }

  /** {@return the rows to validate with} */
  protected final Optional<RowBatches<B>> held() {
    return held;
  }

  @Override
  public final EncodedData data() {
    return new EncodedData(train.report(), held.map(RowBatches::report), maxLength);
  }

  @Override
  public final int batches() {
    return trainBatches().count();
  }

  @Override
  public Optional<MaskableRows> maskable() {
    return Optional.of(
        new MaskableRows(
            settings.train(),
            train.samples(),
            rows ->
                train.firstWith(
                    sample -> concerns(sample, rows), settings.batchSize(), settings.seed())));
  }

  /** Returns whether some rows have an effect on the batches with a sample: by default its own. */
  protected boolean concerns(int sample, IntPredicate rows) {
    return rows.test(train.samples().row(sample));
  }

  /** Returns which rows of a dataset to mask: those of the training data that the run says. */
  public static RowMask mask(FineTuneSettings settings, Dataset data) {
    return data == settings.train() ? new RowMask(settings.maskedRows()) : RowMask.NONE;
  }

  protected final BatchSource<B> trainBatches() {
    return train.shuffled(settings.batchSize(), settings.seed());
  }

  protected final Optional<BatchSource<B>> heldBatches() {
    return held.map(rows -> rows.inOrder(settings.batchSize()));
  }

  @Override
  public <R> R with(
      Network network, Adaptation adaptation, Purpose purpose, Function<Training<B>, R> action) {
    return action.apply(training(task.apply(network), adaptation));
  }

  protected final Training<B> training(TrainingTask<B> trained, Adaptation adaptation) {
    return new Training<>(trained, trainBatches(), heldBatches(), adaptation);
  }
}
