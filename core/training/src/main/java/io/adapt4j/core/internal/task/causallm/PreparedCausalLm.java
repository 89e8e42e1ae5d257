package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.data.Batches;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.EncodableRows;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.data.Peers;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.loss.SupervisedLoss;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.regularize.Penalties;
import io.adapt4j.core.internal.regularize.PenaltyRun;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.internal.task.MaskableRows;
import io.adapt4j.core.internal.task.PreparedTask;
import io.adapt4j.core.internal.task.Training;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.NextTokens;
import io.adapt4j.core.internal.train.SourceLosses;
import io.adapt4j.core.internal.train.StepHooks;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.task.CausalLmTask;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Next-token prediction with encoded data. */
record PreparedCausalLm(
    CausalLmTask options,
    FineTuneSettings settings,
    ExampleEncoder encoder,
    EncodableRows train,
    Optional<EncodableRows> held,
    Peers peers,
    boolean leads)
    implements PreparedTask<Batch> {

  static PreparedCausalLm of(
      CausalLmTask options,
      FineTuneSettings settings,
      Tokenizer tokenizer,
      Peers peers,
      boolean leads) {
    ExampleEncoder encoder = settings.exampleEncoder(tokenizer);
    int maxLength = encoder.maxLength();
    EncodableRows train = encoder.filter(settings.train(), settings.maskedRows(), peers);
    EncodedData.requireUsable(settings.train(), train.report(), maxLength);
    EncodedData.requireTargets(settings.train(), train.report());
    Optional<EncodableRows> held = settings.validation().map(rows -> encoder.filter(rows));
    held.ifPresent(
        rows ->
            EncodedData.requireUsable(
                settings.validation().orElseThrow(), rows.report(), maxLength));
    return new PreparedCausalLm(options, settings, encoder, train, held, peers, leads);
  }

  @Override
  public EncodedData data() {
    return new EncodedData(train.report(), held.map(EncodableRows::report), encoder.maxLength());
  }

  @Override
  public int batches() {
    return trainBatches().count();
  }

  @Override
  public LargestBatch largestBatch(int examples) {
    return settings.tokens().batching() == Batching.PACKED
        ? new LargestBatch(examples, encoder.maxLength())
        : new LargestBatch(examples, data().longest());
  }

  @Override
  public Planner beside(Planner planner, Network declared) {
    return PicturePlan.beside(planner, declared, settings, train.samples());
  }

  @Override
  public Optional<MaskableRows> maskable() {
    return Optional.of(MaskableRows.of(settings.train(), trainBatches()));
  }

  @Override
  public Optional<ChatTemplate> chatTemplate() {
    return encoder.usedChatTemplate();
  }

  @Override
  public List<String> regularizations() {
    return settings.regularizations().stream()
        .map(term -> Penalties.identity(term, encoder))
        .toList();
  }

  @Override
  public <R> R with(
      Network network,
      Adaptation adaptation,
      Purpose purpose,
      Function<Training<Batch>, R> action) {
    Decoder decoder = (Decoder) network;
    // Timing measures the model without penalty terms.
    List<Regularization> terms = purpose == Purpose.TIMING ? List.of() : settings.regularizations();
    Optional<Path> output =
        purpose == Purpose.TRAINING ? Optional.of(settings.output()) : Optional.empty();
    try (Regularizers regularizers =
        Regularizers.start(terms, regularized(decoder, adaptation, output))) {
      HeldBatches evaluated = HeldBatches.of(held, this::heldBatches);
      List<String> sources = sources(purpose);
      NextTokens task = task(decoder, purpose, evaluated);
      return action.apply(
          new Training<>(
              sources.isEmpty() ? task : task.measuring(losses(sources)),
              sources.isEmpty() ? trainBatches() : trainBatches(train.sources(sources)),
              evaluated.batches(),
              adaptation,
              StepHooks.of(regularizers.penalties()),
              1));
    }
  }

  /**
   * Returns the files whose training losses are measured: several of mixed data. A worker of a
   * group sees only some of the batches.
   */
  private List<String> sources(Purpose purpose) {
    if (purpose != Purpose.TRAINING || peers.size() > 1) {
      return List.of();
    }
    List<String> sources = train.partNames();
    return sources.size() > 1 ? sources : List.of();
  }

  private static SourceLosses losses(List<String> sources) {
    Set<String> names = new LinkedHashSet<>(sources);
    return new SourceLosses(
        sources.stream()
            .map(name -> PartLosses.LOSS + HeldBatches.shortName(name, names))
            .toList());
  }

  private NextTokens task(Decoder decoder, Purpose purpose, HeldBatches evaluated) {
    LanguageModelLoss.Form form = form();
    NextTokens task = evaluated.task(decoder, form);
    int count = settings.evaluationSamples();
    if (purpose != Purpose.TRAINING || !leads || held.isEmpty() || count == 0) {
      return task;
    }
    Tokenizer tokenizer = encoder.tokenizer();
    Set<Integer> ends = EndTokens.of(settings.objective().model(), encoder);
    return AnswerSamples.of(
            held.get(),
            count,
            ends,
            decoder.contextLength(),
            new Generator(decoder, Optional.of(tokenizer), ends),
            tokenizer,
            settings.output())
        .map(samples -> evaluated.task(decoder, form, samples))
        .orElse(task);
  }

  private LanguageModelLoss.Form form() {
    return options.equals(new CausalLmTask())
        ? VocabularyLoss::forwardBackward
        : new SupervisedLoss(options.dynamic(), options.labelSmoothing(), options.zLoss());
  }

  private PenaltyRun regularized(Decoder decoder, Adaptation adaptation, Optional<Path> output) {
    return new PenaltyRun(
        decoder,
        adaptation,
        settings.model().folder(),
        encoder,
        output,
        settings.batchSize(),
        settings.training().step().recompute(),
        settings.seed());
  }

  private Batches heldBatches(EncodableRows rows) {
    return Batches.of(rows)
        .batchSize(settings.batchSize())
        .batching(settings.tokens().evaluation())
        .build();
  }

  private Batches trainBatches() {
    return trainBatches(new int[0]);
  }

  private Batches trainBatches(int[] sources) {
    return Batches.of(train)
        .from(sources)
        .batchSize(settings.batchSize())
        .batching(settings.tokens().batching())
        .shuffle(settings.seed())
        .among(peers, settings.training().accumulation())
        .build();
  }
}
