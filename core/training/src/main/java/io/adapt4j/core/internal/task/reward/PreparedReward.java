package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.preference.PreferenceBatch;
import io.adapt4j.core.internal.task.preference.PreferenceSample;
import io.adapt4j.core.task.RewardTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;

/** Reward model training with encoded data. */
final class PreparedReward extends PreparedRows<RewardBatch> {

  private static final int SIDES = 2;

  private final ExampleEncoder encoder;

  private PreparedReward(
      RewardTask task, FineTuneSettings settings, ExampleEncoder encoder, int paddingId) {
    super(
        settings,
        encoder.maxLength(),
        data -> rows(data, encoder, task.marginField(), paddingId),
        network ->
            new RewardTrainingTask(
                new PairwiseLoss((Encoder) network, new PairwiseObjective(task.centering())),
                settings.objective().selection()));
    this.encoder = encoder;
  }

  static PreparedReward of(RewardTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    Encoder declared = (Encoder) settings.objective().model().declare();
    ExampleEncoder.Builder encoding =
        ExampleEncoder.builder(tokenizer, settings.lengthLimit())
            .overflow(settings.overflow())
            .appendEos(declared.isCausal() && tokenizer.eosId().isPresent());
    settings.chatTemplate().ifPresent(encoding::chatTemplate);
    return new PreparedReward(task, settings, encoding.build(), paddingId(settings, tokenizer));
  }

  private static RowBatches<RewardBatch> rows(
      Dataset data, ExampleEncoder encoder, String marginField, int paddingId) {
    EncodedRows<PreferenceSample> pairs = PreferenceSample.rows(data, encoder);
    float[] margins = new float[pairs.size()];
    for (int pair = 0; pair < margins.length && !marginField.isEmpty(); pair++) {
      margins[pair] = margin(data, pairs.row(pair), marginField);
    }
    return pairs.collated(
        (samples, weights, numbers) -> {
          float[] own = new float[numbers.length];
          for (int i = 0; i < own.length; i++) {
            own[i] = margins[numbers[i]];
          }
          return new RewardBatch(
              PreferenceBatch.of(samples, numbers, weights, paddingId).sides(), own, weights);
        });
  }

  private static float margin(Dataset dataset, int row, String field) {
    Optional<Row> source = dataset.source(row);
    Object value = source.map(found -> found.value(field)).orElse(null);
    float margin = value instanceof Number number ? number.floatValue() : Float.NaN;
    if (!Float.isFinite(margin) || margin < 0) {
      throw new DatasetException(
          dataset.locate(row)
              + ": field '"
              + field
              + "': expected the margin, a number of at least 0, found "
              + value
              + (source.isEmpty()
                  ? ". Give rows in memory their margins with Dataset.withField"
                  : "")
              + ".");
    }
    return margin;
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples * SIDES, data().longest());
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return encoder.usedChatTemplate();
  }
}
