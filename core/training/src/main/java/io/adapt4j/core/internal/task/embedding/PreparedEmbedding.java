package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.data.RowMask;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.TokenLinear;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.TaskModel;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.PreparedRows;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.task.EmbeddingTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntPredicate;

/** Embedding training with encoded data. */
final class PreparedEmbedding extends PreparedRows<EmbeddingBatch> {

  private final EmbeddingTask task;
  private final SentenceFolder folder;
  private final EmbeddingRows train;
  private final IntPredicate countedTokens;

  private PreparedEmbedding(
      EmbeddingTask task,
      FineTuneSettings settings,
      SentenceFolder folder,
      int maxLength,
      EmbeddingEncoder encoder,
      Tokenizer tokenizer,
      EmbeddingRows train) {
    super(
        settings,
        maxLength,
        data ->
            (data == settings.train() ? train : new EmbeddingRows(data, encoder))
                .batches(paddingId(settings, tokenizer)));
    this.task = task;
    this.folder = folder;
    this.train = train;
    this.countedTokens = id -> !tokenizer.isSpecial(id) && tokenizer.unkId().orElse(-1) != id;
  }

  static PreparedEmbedding of(EmbeddingTask task, FineTuneSettings settings, Tokenizer tokenizer) {
    TaskModel model = settings.objective().model();
    SentenceFolder folder = SentenceFolder.read(model.folder());
    Encoder declared = (Encoder) model.declare();
    int usual =
        Math.min(
            LoadedEncoder.maxTokens(declared, tokenizer, folder.maxTokens()),
            settings.usualLength());
    int maxLength = settings.maxLength().orElse(usual);
    EmbeddingEncoder encoder =
        new EmbeddingEncoder(
            tokenizer,
            new EmbeddingEncoder.Options(
                maxLength, task.queryPrompt(), task.passagePrompt(), folder.lowerCase()));
    EmbeddingRows train =
        EncodedData.encoded(
            () ->
                new EmbeddingRows(
                    settings.train(),
                    new RowMask(settings.maskedRows()),
                    encoder,
                    paddingId(settings, tokenizer)));
    return new PreparedEmbedding(task, settings, folder, maxLength, encoder, tokenizer, train);
  }

  @Override
  protected boolean concerns(int sample, IntPredicate rows) {
    return train.concerns(sample, rows);
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return new LargestBatch(examples * train.mostTexts(), data().longest());
  }

  /** Plans for encoding all queries first, then all passages. */
  @Override
  public Planner beside(Planner planner, Network declared) {
    int examples = Math.min(settings().batchSize(), data().train().kept());
    return planner.encoding(examples * Math.max(1, train.mostTexts() - 1));
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<EmbeddingBatch>, R> action) {
    Encoder encoder = (Encoder) network;
    Adaptation saving =
        new SentenceAdaptation(
            adaptation, settings().objective().model(), encoder, task.truncateDimension());
    int hidden = encoder.dimensions().hiddenSize();
    try (VectorHead head = VectorHead.declare(hidden, folder, VectorHead.Changes.NONE)) {
      head.load(encoder.type());
      RankingLoss loss = new RankingLoss(encoder, head, task.scale(), cuts());
      return task.hybrid() ? withTokenLayers(loss, saving, action) : train(loss, saving, action);
    }
  }

  private <R> R train(
      EmbeddingLoss loss, Adaptation saving, Function<Training<EmbeddingBatch>, R> action) {
    return action.apply(
        training(new EmbeddingTrainingTask(loss, settings().objective().selection()), saving));
  }

  private <R> R withTokenLayers(
      RankingLoss dense, Adaptation saving, Function<Training<EmbeddingBatch>, R> action) {
    int hidden = dense.encoder().dimensions().hiddenSize();
    try (TokenLinear lexical = tokenLayer(TokenLinear.SPARSE, 1, dense);
        TokenLinear vectors = tokenLayer(TokenLinear.COLBERT, hidden, dense)) {
      HybridLoss loss =
          new HybridLoss(dense, lexical, vectors, countedTokens, task.selfDistillation());
      return train(loss, new WithTokenLayers(saving, List.of(lexical, vectors)), action);
    }
  }

  /** Returns the base's layer, or a newly initialized one. */
  private TokenLinear tokenLayer(String name, int width, RankingLoss dense) {
    int hidden = dense.encoder().dimensions().hiddenSize();
    DType type = dense.encoder().type();
    return TokenLinear.read(settings().objective().model().folder(), name, hidden, type)
        .orElseGet(() -> TokenLinear.create(name, width, hidden, type, settings().seed() + width));
  }

  private List<RankingLoss.Cut> cuts() {
    List<RankingLoss.Cut> cuts = new ArrayList<>();
    for (int i = 0; i < task.dimensions().size(); i++) {
      cuts.add(new RankingLoss.Cut(task.dimensions().get(i), task.dimensionWeights().get(i)));
    }
    return List.copyOf(cuts);
  }
}
