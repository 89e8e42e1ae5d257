package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.LayerRanges;
import io.adapt4j.lora.internal.peft.LoraBias;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Low-rank adaptation (Hu et al. 2021): the base is frozen, and each targeted projection W gets a
 * trainable update scale B A of rank r. Saved as a PEFT adapter folder.
 *
 * <p>Defaults: alpha 2 r, so a scale of 2; all linear projections; no dropout; no biases; no other
 * modules. (PEFT's are r 8, alpha 8 and targets chosen by model family.)
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Lora implements FineTuningMethod {

  /** Projections of MLPs, by the names that families give them. */
  private static final String MLP =
      ".*\\.(mlp|feed_forward|feedforward|block_sparse_moe|ffn|DenseReluDense)\\..*"
          + "|.*\\.(fc1|fc2|dense_h_to_4h|dense_4h_to_h|ff_proj|ff_out)"
          + "|.*layer\\.\\d+\\.(intermediate|output)\\.dense";

  private static final String ROUTERS = ".*\\.(gate|router|shared_expert_gate)";

  private final AdapterConfig config;
  private final Optional<Path> start;
  private final double plusRatio;
  private final WeightFormat weights;

  private Lora(AdapterConfig config, Optional<Path> start, double plusRatio, WeightFormat weights) {
    this.config = config;
    this.start = start;
    this.plusRatio = plusRatio;
    this.weights = weights;
  }

  /**
   * Starts a new adapter.
   *
   * @param rank r, at least 1
   * @return the method with every other option at its default
   * @throws IllegalArgumentException if the rank is below 1
   */
  public static Lora rank(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("rank: expected at least 1, found " + rank);
    }
    return new Lora(AdapterConfig.ofRank(rank), Optional.empty(), 1, WeightFormat.asStored());
  }

  /**
   * Starts with the preset that learns most, at the price of forgetting more: rank 64, alpha 64,
   * {@linkplain #rankStabilized rank-stabilized}, on all linear projections. In PEFT's comparison
   * of methods (MetaMathQA, Llama 3.2 3B) it was among the most accurate. A plan shows what it
   * gained and forgot in runs on small models.
   *
   * @return the method, whose options may be changed
   */
  public static Lora learnMost() {
    return rank(64).alpha(64).rankStabilized();
  }

  /**
   * Starts with the preset that forgets least and learns a little less: rank 16 on the projections
   * of MLPs only. In the same comparison that forgot least of all LoRA adapters; a plan shows this
   * price beside the gain, measured on small models.
   *
   * @return the method, whose options may be changed
   */
  public static Lora forgetLeast() {
    return rank(16).targets(Targets.regex(MLP)).exclude(Targets.regex(ROUTERS));
  }

  /**
   * Continues training a stored adapter, with its options, per-module ranks and values.
   *
   * @param adapter a PEFT folder
   * @return the method
   * @throws CheckpointException if {@code adapter_config.json} is missing, malformed or asks for
   *     something unsupported
   */
  public static Lora continuing(Path adapter) {
    return new Lora(LoraFields.read(adapter), Optional.of(adapter), 1, WeightFormat.asStored());
  }

  AdapterConfig config() {
    return config;
  }

  /** Returns the ratio of B's learning rate to A's. */
  double plusRatio() {
    return plusRatio;
  }

  /** Returns the folder of the adapter that this continues from. */
  Optional<Path> start() {
    return start;
  }

  private Lora with(Consumer<AdapterConfig.Draft> change) {
    return new Lora(config.with(change), start, plusRatio, weights);
  }

  /**
   * Sets the numerator of the scale: alpha / r, or alpha / sqrt(r) with {@link #rankStabilized}.
   *
   * @param alpha a positive number
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Lora alpha(double alpha) {
    if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("alpha: expected a positive number, found " + alpha);
    }
    return with(draft -> draft.alpha = alpha);
  }

  /**
   * Sets dropout on the updates' input. Each adapted projection draws its own mask.
   *
   * @param probability in [0, 1)
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Lora dropout(double probability) {
    if (!(probability >= 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "dropout: expected a probability in [0, 1), found " + probability);
    }
    return with(draft -> draft.dropout = probability);
  }

  /**
   * Chooses the adapted projections.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public Lora targets(Targets targets) {
    return with(draft -> draft.modules = draft.modules.withTargets(DescribedTargets.of(targets)));
  }

  /**
   * Also trains all biases of the base, saved with the adapter (PEFT's {@code all}).
   *
   * @return a changed copy
   */
  public Lora trainBiases() {
    return bias(LoraBias.ALL);
  }

  /**
   * Also trains the biases of the adapted projections, saved with the adapter (PEFT's {@code
   * lora_only}).
   *
   * @return a changed copy
   */
  public Lora trainAdaptedBiases() {
    return bias(LoraBias.LORA_ONLY);
  }

  Lora bias(LoraBias bias) {
    return with(draft -> draft.bias = bias);
  }

  /**
   * Sets modules that train in full and are saved with the adapter, such as {@code lm_head}. As in
   * PEFT, a name matches every module whose path ends with it, and a targeted module named here
   * gets no update. Naming the output head or the embedding of a model with tied ones unties them:
   * the named one trains, the other keeps the base's values.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Lora modulesToSave(String... modules) {
    Texts.requireAll("modules", modules);
    SavedModules.requireNames(modules);
    return with(draft -> draft.modulesToSave = List.of(modules));
  }

  /**
   * Scales by alpha / sqrt(r) (Kalajdzievski 2023), which keeps high-rank updates from shrinking.
   *
   * @return a changed copy
   */
  public Lora rankStabilized() {
    return with(draft -> draft.rankStabilized = true);
  }

  /**
   * Decomposes weights into a trained magnitude vector and a directional update (DoRA, Liu et al.
   * 2024, eq. 5), treating the norm of the direction as a constant in the backward pass (section
   * 4.3). A step takes about a third longer than with plain LoRA, and each adapted projection saves
   * its output for backward. Needs unquantized base weights.
   *
   * @return a changed copy
   */
  public Lora dora() {
    return with(draft -> draft.dora = true);
  }

  /**
   * Adds a trainable bias to every B, scaled like the product: PEFT's {@code lora_bias}. Merging
   * needs a base layer with a bias. Works only with plain LoRA and its default initialization.
   *
   * @return a changed copy
   */
  public Lora biasOfB() {
    return with(draft -> draft.biasOfB = true);
  }

  /**
   * Sets the initialization of A and B; default {@link LoraInit#KAIMING}.
   *
   * @param initialization the initial values
   * @return a changed copy
   */
  public Lora initialize(LoraInit initialization) {
    return with(draft -> draft.initial = initialization);
  }

  /**
   * Overrides the rank of some projections.
   *
   * @param modules a regular expression matched at the end of a module's path, from its start or
   *     after a dot, such as {@code layers.0.self_attn.q_proj} or {@code down_proj}; the first
   *     match wins
   * @param rank at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if the rank is below 1 or the expression malformed
   */
  public Lora rankOf(String modules, int rank) {
    Texts.require("modules", modules);
    requirePattern("rankOf", modules);
    if (rank < 1) {
      throw new IllegalArgumentException("rankOf: expected at least 1, found " + rank);
    }
    return with(draft -> draft.rankPattern.put(modules, rank));
  }

  /**
   * Overrides the alpha of some projections; their scale divides it by their own rank.
   *
   * @param modules as for {@link #rankOf}
   * @return a changed copy
   * @throws IllegalArgumentException if it is not positive or the expression malformed
   */
  public Lora alphaOf(String modules, double alpha) {
    Texts.require("modules", modules);
    requirePattern("alphaOf", modules);
    if (!(alpha > 0 && alpha < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("alphaOf: expected a positive number, found " + alpha);
    }
    return with(draft -> draft.alphaPattern.put(modules, alpha));
  }

  private static void requirePattern(String option, String expression) {
    try {
      Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          option + ": expected a regular expression, found '" + expression + "'", e);
    }
  }

  /**
   * Excludes some of the targeted projections.
   *
   * @param modules by name or by regular expression
   * @return a changed copy
   * @throws IllegalArgumentException if given all projections
   */
  public Lora exclude(Targets modules) {
    Texts.require("modules", modules);
    if (modules instanceof Targets.AllLinear) {
      throw new IllegalArgumentException("exclude: expected names or an expression, found all");
    }
    return with(draft -> draft.modules = draft.modules.withExcluded(DescribedTargets.of(modules)));
  }

  /**
   * Adapts only some layers. The backward pass stops at the lowest of them.
   *
   * @param numbers layer numbers from 0; none for all layers
   * @return a changed copy
   * @throws IllegalArgumentException if a number is negative
   */
  public Lora layers(int... numbers) {
    Texts.require("numbers", numbers);
    if (Arrays.stream(numbers).anyMatch(number -> number < 0)) {
      throw new IllegalArgumentException(
          "layers: expected numbers from 0, found " + Arrays.toString(numbers));
    }
    List<Integer> layers = Arrays.stream(numbers).boxed().toList();
    return with(
        draft -> draft.modules = draft.modules.withLayers(layers, draft.modules.layersPattern()));
  }

  /**
   * Sets the path component that precedes the numbers of {@link #layers}; by default any component.
   *
   * @param names names such as {@code layers} or {@code h}, as regular expressions
   * @return a changed copy
   * @throws IllegalArgumentException if an expression is malformed
   */
  public Lora layersPattern(String... names) {
    Texts.requireAll("names", names);
    for (String name : names) {
      requirePattern("layersPattern", name);
    }
    return with(
        draft -> draft.modules = draft.modules.withLayers(draft.modules.layers(), List.of(names)));
  }

  /**
   * Builds the model's layers from ranges of them, as PEFT's {@code layer_replication} does: {@code
   * [0, 4], [2, 5]} makes seven layers of five. Repeated layers share their weights but have
   * separate updates. Names of modules, and {@link #layers}, count the new layers.
   *
   * @param ranges a start and an excluded end each; they may overlap
   * @return a changed copy
   * @throws IllegalArgumentException if there is no range, or one is empty
   */
  public Lora layerReplication(int[]... ranges) {
    Texts.require("ranges", ranges);
    for (int[] range : ranges) {
      if (range == null || range.length != 2) {
        throw new IllegalArgumentException(
            "layerReplication: expected pairs of numbers, found " + Arrays.toString(range));
      }
    }
    try {
      LayerStack stack = LayerRanges.of(List.of(ranges));
      return new Lora(config.stackedBy(stack), start, plusRatio, weights);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("layerReplication: " + e.getMessage(), e);
    }
  }

  /**
   * Multiplies the learning rate of the B matrices (LoRA+, Hayou et al. 2024). The paper advises 16
   * with a lower base rate than plain LoRA's.
   *
   * @param ratio the learning rate of B over that of A, a positive number
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Lora plus(double ratio) {
    if (!(ratio > 0 && ratio < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("plus: expected a positive number, found " + ratio);
    }
    return new Lora(config, start, ratio, weights);
  }

  /**
   * Sets the format of the base's frozen weights in memory during training. For 4 bits, use {@code
   * QLora} of adapt4j-qlora.
   *
   * @param format such as {@link WeightFormat#custom}; as stored by default
   * @return a changed copy
   */
  public Lora weights(WeightFormat format) {
    return new Lora(config, start, plusRatio, Objects.requireNonNull(format, "format"));
  }

  /** Returns the format of the frozen weights. */
  WeightFormat weights() {
    return weights;
  }

  String name() {
    return (config.dora() ? "DoRA" : "LoRA") + (plusRatio == 1 ? "" : "+");
  }

  @Override
  public String description() {
    String scale = config.rankStabilized() ? "alpha/sqrt(r)" : "alpha/r";
    return String.format(
        Locale.ROOT,
        "%s r=%d alpha=%s scale=%s targets=%s%s",
        name(),
        config.rank(),
        plain(config.alpha()),
        scale,
        config.modules(),
        config.layerStack().map(stack -> " layerReplication=" + stack).orElse(""));
  }

  static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }
}
