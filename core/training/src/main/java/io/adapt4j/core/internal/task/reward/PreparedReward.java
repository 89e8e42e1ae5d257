package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.task.preference.PreferenceBatches;
import io.adapt4j.core.internal.task.preference.PreferenceRows;
import io.adapt4j.core.task.RewardTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.Optional;
import java.util.function.Function;

/** Reward model training with encoded data. */
final class PreparedReward implements PreparedTask<RewardBatch> {

  private static final int SIDES = 2;

  private final RewardTask task;
  private final FineTuneSettings settings;
  private final ExampleEncoder encoder;
  private final int paddingId;
  private final PreferenceRows train;
  private final Optional<PreferenceRows> held;
  private final float[] margins;
  private final float[] heldMargins;

  private PreparedReward(
      RewardTask task, FineTuneSettings settings, ExampleEncoder encoder, int paddingId) {
    this.task = task;
    this.settings = settings;
    this.encoder = encoder;
    this.paddingId = paddingId;
    this.train = rows(settings.train(), encoder);
    this.held = settings.validation().map(data -> rows(data, encoder));
    this.margins = RewardBatches.margins(train, task.marginField());
    this.heldMargins =
        held.map(rows -> RewardBatches.margins(rows, task.marginField())).orElse(new float[0]);
  }

  static PreparedReward of(RewardTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    boolean ends = ((Encoder) model.declare()).isCausal() && tokenizer.eosId().isPresent();
    ExampleEncoder.Builder encoding =
        ExampleEncoder.builder(tokenizer, settings.lengthLimit())
            .overflow(settings.overflow())
            .appendEos(ends);
    settings.chatTemplate().ifPresent(encoding::chatTemplate);
    int paddingId = model.config().padTokenId().orElse(tokenizer.paddingId());
    return EncodedData.encoded(
        () -> new PreparedReward(task, settings, encoding.build(), paddingId));
  }

  private static PreferenceRows rows(Dataset data, ExampleEncoder encoder) {
    PreferenceRows rows = PreferenceRows.of(data, encoder);
    EncodedData.requireUsable(data, rows.report(), encoder.maxLength());
    return rows;
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(PreferenceRows::report), encoder.maxLength());
  }

  @Override
  public int batches() {
    return trainBatches().count();
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples * SIDES, data().longest());
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return encoder.usedChatTemplate();
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<RewardBatch>, R> action) {
    RewardTrainingTask training =
        new RewardTrainingTask(
            new PairwiseLoss((Encoder) network, new PairwiseObjective(task.centering())),
            settings.objective().selection());
    return action.apply(new Training<>(training, trainBatches(), heldBatches(), adaptation));
  }

  private BatchSource<RewardBatch> trainBatches() {
    return RewardBatches.of(
        PreferenceBatches.of(train, settings.batchSize(), paddingId, settings.order()), margins);
  }

  private Optional<BatchSource<RewardBatch>> heldBatches() {
    return held.map(
        rows ->
            RewardBatches.of(
                PreferenceBatches.of(rows, settings.batchSize(), paddingId, EpochOrder.UNSHUFFLED),
                heldMargins));
  }
}
