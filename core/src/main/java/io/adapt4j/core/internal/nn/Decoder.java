package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.VocabularyHead;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A decoder language model: embedding, layers, final norm, output head. Not thread safe. */
public final class Decoder extends Network {

  /** Families whose classes call the classifier of tokens so; the others call it score. */
  private static final Set<String> NAMED_CLASSIFIER =
      Set.of("bloom", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "mpt");

  private final Placement placement;
  private final HeadSlot head;
  private boolean roundedActivations;

  /** Declares a decoder. */
  public Decoder(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Transformer body,
      String headName,
      VocabularyHead head) {
    super(modelConfig, dimensions, storedNames, body);
    this.placement = body.placement();
    this.head = new HeadSlot(headName, embedding(), head);
  }

  @Override
  List<Parameter> headParameters() {
    return Stream.of(head().weight(), head().bias()).filter(Objects::nonNull).toList();
  }

  @Override
  List<LinearSlot> headLinears() {
    return List.of();
  }

  @Override
  public Optional<VocabularyHead> vocabulary() {
    return Optional.of(head());
  }

  @Override
  public long windowMasks() {
    return 0;
  }

  /**
   * Puts an output that scores classes instead of the vocabulary's, as the classes of Transformers
   * have it: of a text by its last token that is not {@code pad_token_id}, with {@code score} and
   * without a bias; of each token with a bias.
   */
  public Encoder scoringClasses() {
    return scoringClasses(modelConfig(), false);
  }

  /** Declares a network that scores classes with this decoder's layers. */
  public Encoder scoringClasses(ModelConfig classes, boolean shared) {
    boolean ofTokens = OutputLayer.TOKEN_CLASSES.isOf(classes);
    String path =
        ofTokens && NAMED_CLASSIFIER.contains(classes.modelType()) ? "classifier" : "score";
    LinearSlot classifier =
        LinearSlot.of(path, dimensions().hiddenSize(), ofTokens, EncoderTask.classes(classes));
    ClassificationHead scores =
        ofTokens
            ? ClassificationHead.ofTokens(classifier)
            : ClassificationHead.ofLastTokens(classifier, classes.padTokenId());
    String unused = Pattern.quote(headName()) + "|(score|classifier)\\..*";
    return new Encoder(
        classes,
        dimensions(),
        storedNames().ignoring(unused),
        body(),
        scores,
        OptionalInt.empty(),
        seesThePastOnly(),
        shared);
  }

  /** Leaves the output away: a network that reads texts and ends in hidden states. */
  public Encoder readingTexts() {
    String unused = "lm_head\\..*|embed_out\\..*|(score|classifier)\\..*";
    return new Encoder(
        modelConfig(),
        dimensions(),
        storedNames().ignoring(unused),
        body(),
        new EncoderHead.None(),
        OptionalInt.empty(),
        seesThePastOnly(),
        false);
  }

  /**
   * Puts an output in the vocabulary's place that scores a text by the choice between two tokens
   * after it.
   */
  public Encoder choosing(int rejected, int chosen) {
    return choosing(rejected, chosen, false);
  }

  /**
   * Scores texts by the choice between two tokens after them, with the weights, the adapters and
   * the dropout that this decoder has now. Nothing of the result is its own: it is not closed.
   */
  public Encoder choosingBeside(int rejected, int chosen) {
    Encoder beside = choosing(rejected, chosen, true);
    beside.standOn(this);
    return beside;
  }

  private Encoder choosing(int rejected, int chosen, boolean shared) {
    if (head().bias() != null) {
      throw modelConfig()
          .fields()
          .invalid(
              "model_type",
              "a family whose output over the vocabulary has no bias",
              "A model of this family cannot be read as a reranker.");
    }
    return new Encoder(
        modelConfig(),
        dimensions(),
        isTied() ? storedNames().ignoring(Pattern.quote(headName())) : storedNames(),
        body(),
        new TokenChoiceHead(head(), rejected, chosen),
        OptionalInt.empty(),
        true,
        shared);
  }

  /** Returns whether tokens see only those before them, as they must to generate text. */
  public boolean seesThePastOnly() {
    return !(body().layers().get(0).mixer() instanceof Attention attention)
        || attention.rule().causal();
  }

  /**
   * Returns the output head.
   *
   * @return its weight [vocabulary, hidden] is the embedding itself where they are tied
   */
  public VocabularyHead head() {
    return head.head();
  }

  /** Returns the place of the output head. */
  public HeadSlot headSlot() {
    return head;
  }

  /**
   * Lets steps that decode token by token round what they multiply with quantized weights to 8
   * bits. All else computes with activations as they are.
   */
  public void roundActivationsInSteps() {
    roundedActivations = true;
  }

  /** {@return whether steps may round activations to 8 bits} */
  public boolean hasRoundedActivations() {
    return roundedActivations;
  }

  /** Returns the checkpoint name of the head's weight, whether it has one of its own or not. */
  public String headName() {
    return head.name();
  }

  /** Returns whether embedding and output head are one parameter. */
  public boolean isTied() {
    return head.isTied();
  }

  /** Returns whether embedding and output head are one in the checkpoint, whatever they are now. */
  public boolean isStoredTied() {
    return head.isStoredTied();
  }

  /**
   * Places a batch that starts at the beginning of its texts.
   *
   * @param attentionMask 1 on tokens and 0 on padding, row-major [rows, length]
   */
  public Positions positions(long[] attentionMask, int rows, int length) {
    return placement.causal(attentionMask, rows, length, type());
  }

  /**
   * Places a batch of rows that hold several documents each. Positions count from each document's
   * first token, attention stays inside each document, and rotary frequencies that depend on a
   * length follow the document's.
   */
  public Positions packedPositions(int[][] documents, int length) {
    return placement.packed(documents, length, type());
  }

  /** Places the next tokens of a batch after those in a cache. */
  public Positions positions(long[] attentionMask, int rows, int count, KvCache cache) {
    return placement.next(attentionMask, rows, count, cache, type());
  }

  /**
   * {@return the maximum number of tokens for which there are positions: the rows of the table of
   * learned ones; rotary positions have no end}
   */
  public int positionLimit() {
    return placement.learned() == 0 ? Integer.MAX_VALUE : placement.learned();
  }

  /**
   * {@return how long a sequence may grow unless the user wants more: the context length, or as far
   * as there are positions where the rotary frequencies follow the length (dynamic scaling)}
   */
  public int lengthLimit() {
    boolean follows = placement.rotary().stream().anyMatch(RotaryFrequencies::dependsOnLength);
    return follows ? positionLimit() : contextLength();
  }

  /**
   * Returns whether keys of a sequence must be recomputed when it grows: its rotary frequencies
   * change at a length in between (longrope).
   */
  public boolean outgrowsCache(int from, int to) {
    return modelConfig().modelType().equals("phi3")
        && placement.rotary().stream()
            .anyMatch(rotaryFrequencies -> rotaryFrequencies.switchesBetween(from, to));
  }

  /**
   * Returns whether the rotation of a token depends on the length of the sequence that it is read
   * in, for lengths of a range. Where it does not, keys are the same in whatever passes the
   * sequence is read, up to rounding.
   */
  public boolean rotationChanges(int from, int to) {
    return placement.rotary().stream()
        .anyMatch(rotaryFrequencies -> rotaryFrequencies.changesBetween(from, to));
  }

  /**
   * Makes an empty cache.
   *
   * @return the cache, closed by the caller
   */
  public KvCache newCache(int rows, int capacity) {
    try (Scope scope = Scope.open(engine())) {
      return new KvCache(body().caches(), rows, capacity, type());
    }
  }

  /**
   * Makes a cache that begins with what another one has read. Blocks that are shared already are
   * shared with it too; the rest is copied.
   */
  public KvCache copyOf(KvCache cache, int tokens, int capacity) {
    try (Scope scope = Scope.open(engine())) {
      return sharesKeys(cache.capacity(), capacity)
          ? cache.copy(tokens, capacity)
          : cache.copy(tokens, capacity, 0);
    }
  }

  /**
   * Makes the cache of a text that begins like the one of another cache. Unless that is short, both
   * share its keys and values from now on, and whichever is read next fills what is missing.
   */
  public KvCache branchOf(KvCache cache, int tokens, int capacity) {
    if (!sharesKeys(cache.capacity(), capacity)) {
      return copyOf(cache, tokens, capacity);
    }
    try (Scope scope = Scope.open(engine())) {
      return cache.branch(tokens, capacity);
    }
  }

  /** Returns whether texts that begin alike have the same keys, however far they go on. */
  public boolean sharesKeys(long... capacities) {
    long longest = Arrays.stream(capacities).max().orElse(0);
    return !keepsStates() && !rotationChanges(1, Math.toIntExact(longest + 1));
  }

  /**
   * Returns whether layers keep states instead of keys and values. A cache of such a model cannot
   * go back to an earlier token than its last.
   */
  public boolean keepsStates() {
    return body().keepsStates();
  }

  /**
   * Returns the memory of a cache.
   *
   * @return bytes of all keys and values, and of all states
   */
  public long cacheBytes(long rows, long capacity, DType type) {
    return rows
        * body().caches().stream()
            .mapToLong(
                shape ->
                    shape.valuesPerToken() * capacity * type.bytes()
                        + shape.stateValues() * DType.F32.bytes())
            .sum();
  }

  /**
   * Runs the model up to and with its final norm.
   *
   * @param ids token ids, I64 [B, T]
   * @return [B, T, hidden]
   */
  public Tensor hidden(Ops ops, Tensor ids, Positions positions, boolean recompute) {
    Tensor hidden = body().forward(ops.dropping(dropout()), ids, null, positions, recompute);
    if (positions.cache() != null) {
      positions.cache().advance(ids.size(1));
    }
    return hidden;
  }

  /**
   * Scores every vocabulary entry.
   *
   * @param hidden [.., hidden]
   * @return logits [.., vocabulary] in the compute type
   */
  public Tensor logits(Tensor hidden) {
    return head().logits(hidden);
  }

  @Override
  public void close() {
    head.close();
    super.close();
  }
}
