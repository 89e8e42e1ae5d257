package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.cache.CacheShape;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.LayerStates;
import io.adapt4j.core.internal.nn.cache.Placement;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.head.ClassificationHead;
import io.adapt4j.core.internal.nn.head.EncoderHead;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.head.HeadSlot;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.head.TokenChoiceHead;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.picture.Insertion;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A decoder language model: embedding, layers, final norm, output head. Not thread safe. */
public final class Decoder extends Network {

  /**
   * Families whose token classifier is called {@code classifier}; in others it is {@code score}.
   */
  private static final Set<String> NAMED_CLASSIFIER =
      Set.of("bloom", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "mpt");

  /** Families whose references recompute keys when longrope changes its frequencies. */
  private static final Set<String> OUTGROWING = Set.of("phi3", "phimoe");

  private final Placement placement;
  private final HeadSlot head;
  private boolean roundedActivations;
  private boolean cachesInEightBits;
  private boolean freesWindows;

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

  /** Declares a decoder with a plain output, of the embedding or with its own matrix. */
  public static Decoder of(
      ModelConfig modelConfig,
      Dimensions dimensions,
      StoredNames storedNames,
      Transformer body,
      String headName,
      boolean tied) {
    Parameter tokens = body.embeddings().tokens();
    Parameter weight = tied ? tokens : Parameter.of(headName, tokens.sizes()[0], tokens.sizes()[1]);
    return new Decoder(
        modelConfig, dimensions, storedNames, body, headName, VocabularyHead.of(weight));
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
   * Replaces the vocabulary output with a classification head, like the classes of Transformers:
   * for a text, {@code score} without a bias on its last token that is not {@code pad_token_id};
   * for tokens, a head with a bias.
   */
  public Encoder scoringClasses() {
    return scoringClasses(modelConfig(), false);
  }

  /** Declares a classifier with this decoder's layers. */
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

  /** Declares a network without the output, which reads texts and ends in hidden states. */
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
   * Replaces the vocabulary output with a score of a text by the choice between two tokens after
   * it.
   */
  public Encoder choosing(int rejected, int chosen) {
    return choosing(rejected, chosen, false);
  }

  /**
   * Scores texts by the choice between two tokens after them, sharing this decoder's weights,
   * adapters and dropout. The result owns nothing and need not be closed.
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

  /** Returns whether attention is causal, as generation requires. */
  public boolean seesThePastOnly() {
    return !(body().layers().get(0).mixer() instanceof Attention attention)
        || attention.rule().causal();
  }

  /**
   * Returns the output head: its weight [vocabulary, hidden] is the embedding itself if they are
   * tied.
   */
  public VocabularyHead head() {
    return head.head();
  }

  /** Returns the slot of the output head. */
  public HeadSlot headSlot() {
    return head;
  }

  /**
   * Allows decoding steps to round the inputs of quantized weights to 8 bits. Everything else uses
   * unrounded activations.
   */
  public void roundActivationsInSteps() {
    roundedActivations = true;
  }

  /** {@return whether steps may round activations to 8 bits} */
  public boolean hasRoundedActivations() {
    return roundedActivations;
  }

  /**
   * Sets whether new caches hold keys and values in 8 bits. Caches and steps made before cannot be
   * used with those made afterwards.
   */
  public void cacheInEightBits(boolean wanted) {
    cachesInEightBits = wanted;
  }

  /** {@return whether new caches hold keys and values in 8 bits} */
  public boolean cachesInEightBits() {
    return cachesInEightBits;
  }

  /** Sets whether caches of requests free what sliding windows no longer see. */
  public void freeWindows(boolean wanted) {
    freesWindows = wanted;
  }

  /** {@return whether caches of requests free what sliding windows no longer see} */
  public boolean freesWindows() {
    return freesWindows;
  }

  private List<CacheShape> caches() {
    List<CacheShape> shapes = body().caches();
    return cachesInEightBits ? shapes.stream().map(CacheShape::inEightBits).toList() : shapes;
  }

  private List<CacheShape> requestCaches() {
    List<CacheShape> shapes = caches();
    if (!freesWindows) {
      return shapes;
    }
    long[] windows = body().cacheWindows();
    return IntStream.range(0, windows.length)
        .mapToObj(
            layer ->
                shapes.get(layer).keysAreValues()
                    ? shapes.get(layer)
                    : shapes.get(layer).within(windows[layer]))
        .toList();
  }

  /**
   * Returns the checkpoint name of the head's weight, even if the checkpoint has no such tensor.
   */
  public String headName() {
    return head.name();
  }

  /** Returns whether embedding and output head are one parameter. */
  public boolean isTied() {
    return head.isTied();
  }

  /**
   * Returns whether embedding and output head are tied in the checkpoint, whatever they are now.
   */
  public boolean isStoredTied() {
    return head.isStoredTied();
  }

  /**
   * Creates the positions of a batch that starts at the beginning of its texts.
   *
   * @param attentionMask 1 on tokens and 0 on padding, row-major [rows, length]
   */
  public Positions positions(long[] attentionMask, int rows, int length) {
    return placement.causal(attentionMask, rows, length, type());
  }

  /**
   * Creates the positions of a batch of rows that hold several documents each. Positions count from
   * each document's first token, attention is limited to each document, and rotary frequencies that
   * depend on a length use the document's.
   */
  public Positions packedPositions(int[][] documents, int length) {
    return placement.packed(documents, length, type());
  }

  /** Creates the positions of the tokens that follow those in a cache. */
  public Positions positions(long[] attentionMask, int rows, int count, KvCache cache) {
    return placement.next(attentionMask, rows, count, cache, type());
  }

  /**
   * Creates the positions of the next tokens of several texts, one text after the other in one row
   * [1, T]. They belong to the open scope.
   */
  public Positions joinedPositions(
      List<KvCache> caches, int[] counts, int[] extra, List<PromptPictures> pictures) {
    List<Insertion> rows = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < counts.length; i++) {
      int held = Math.toIntExact(caches.get(i).length());
      rows.addAll(pictures.get(i).rowsIn(held, held + counts[i], at));
      at += counts[i];
    }
    return placement.joined(caches, counts, extra, pictures, type()).inserting(rows);
  }

  /**
   * {@return the maximum number of positions: the rows of the table of learned ones; rotary
   * positions are unlimited}
   */
  public int positionLimit() {
    return placement.learned() == 0 ? Integer.MAX_VALUE : placement.learned();
  }

  /**
   * {@return the default limit on the length of a sequence: the context length, or the number of
   * positions if rotary frequencies depend on the length (dynamic scaling)}
   */
  public int lengthLimit() {
    boolean follows = placement.rotary().stream().anyMatch(RotaryFrequencies::dependsOnLength);
    return follows ? positionLimit() : contextLength();
  }

  /**
   * Returns whether the keys of a sequence must be recomputed as it grows, because its rotary
   * frequencies change at a length in between (longrope). The references of other families keep
   * them.
   */
  public boolean outgrowsCache(int from, int to) {
    return OUTGROWING.contains(modelConfig().modelType())
        && placement.rotary().stream()
            .anyMatch(rotaryFrequencies -> rotaryFrequencies.switchesBetween(from, to));
  }

  /**
   * Returns whether the rotation of a token depends on the length of its sequence, for lengths in a
   * range. If not, keys are the same, up to rounding, however the sequence is divided into passes.
   */
  public boolean rotationChanges(int from, int to) {
    return placement.rotary().stream()
        .anyMatch(rotaryFrequencies -> rotaryFrequencies.changesBetween(from, to));
  }

  public KvCache newCache(int rows, int capacity) {
    try (Scope scope = Scope.open(engine())) {
      return new KvCache(caches(), rows, capacity, type());
    }
  }

  /**
   * Creates an empty cache of one text, for which room is made before each pass; layers with a
   * window may then free what is before it.
   */
  public KvCache newRequestCache(int capacity) {
    try (Scope scope = Scope.open(engine())) {
      return new KvCache(requestCaches(), 1, capacity, type());
    }
  }

  /** Makes room for the tokens of the next step of a text. */
  public void makeRoom(KvCache cache, int tokens) {
    try (Scope scope = Scope.open(engine())) {
      cache.makeRoom(tokens);
    }
  }

  /**
   * Creates a cache with the first tokens of another one. Blocks that are already shared are shared
   * with it too; the rest is copied.
   */
  public KvCache copyOf(KvCache cache, int tokens, int capacity) {
    try (Scope scope = Scope.open(engine())) {
      return sharesKeys(cache.capacity(), capacity)
          ? cache.copy(tokens, capacity)
          : cache.copy(tokens, capacity, 0);
    }
  }

  /**
   * Creates the cache of a text with the same prefix as another cache's. Unless the prefix is
   * short, both share its keys and values from now on, and whichever is processed next fills in
   * what is missing.
   */
  public KvCache branchOf(KvCache cache, int tokens, int capacity) {
    if (!sharesKeys(cache.capacity(), capacity)) {
      return copyOf(cache, tokens, capacity);
    }
    try (Scope scope = Scope.open(engine())) {
      return cache.branch(tokens, capacity);
    }
  }

  /**
   * Creates the cache of a text with the same prefix as another cache's, after which the given
   * states were saved.
   */
  public KvCache branchOf(KvCache cache, int tokens, int capacity, LayerStates saved) {
    try (Scope scope = Scope.open(engine())) {
      return cache.branch(tokens, capacity, saved);
    }
  }

  /** Rolls a cache back to its first tokens, after which the given states were saved. */
  public void rollBack(KvCache cache, int tokens, LayerStates saved) {
    try (Scope scope = Scope.open(engine())) {
      cache.truncate(tokens, saved);
    }
  }

  /** Saves the states in a cache, so that it can be rolled back to its present length. */
  public void checkpoint(KvCache cache) {
    try (Scope scope = Scope.open(engine())) {
      cache.checkpoint();
    }
  }

  public LayerStates statesOf(KvCache cache) {
    try (Scope scope = Scope.open(engine())) {
      return cache.saveStates();
    }
  }

  /**
   * Returns whether texts with a common prefix have the same keys for it, however long they become.
   */
  public boolean sharesKeys(long... capacities) {
    return !keepsStates() && hasFixedKeys(capacities);
  }

  /** Returns whether the keys of a token stay the same while a text grows. */
  public boolean hasFixedKeys(long... capacities) {
    long longest = Arrays.stream(capacities).max().orElse(0);
    return !rotationChanges(1, Math.toIntExact(longest + 1));
  }

  /**
   * Returns whether layers keep states instead of keys and values. The cache of such a model can
   * only be rolled back to where its states were saved.
   */
  public boolean keepsStates() {
    return body().keepsStates();
  }

  /** Returns the memory of a cache: bytes of all keys, values and states. */
  public long cacheBytes(long rows, long capacity, DType type) {
    return rows * bytes(caches(), capacity, type);
  }

  /** Returns the memory of a request's cache, in bytes. */
  public long requestBytes(long capacity) {
    return bytes(requestCaches(), capacity, type());
  }

  private static long bytes(List<CacheShape> shapes, long capacity, DType type) {
    return shapes.stream()
        .mapToLong(
            shape ->
                shape.bytesPerToken(type) * shape.tokensHeld(capacity)
                    + shape.stateValues() * DType.F32.bytes())
        .sum();
  }

  /**
   * Runs the model through its final norm.
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
   * Computes logits over the vocabulary.
   *
   * @param hidden [.., hidden]
   * @return logits [.., vocabulary] in the compute type
   */
  public Tensor logits(Tensor hidden) {
    return head().logits(hidden);
  }

  @Override
  public void readWeightsOf(Network other, Predicate<Parameter> copied) {
    super.readWeightsOf(other, copied);
    Decoder owner = (Decoder) other;
    roundedActivations = owner.roundedActivations;
    head.roundAs(owner.head);
  }

  @Override
  public void close() {
    head.close();
    super.close();
  }
}
