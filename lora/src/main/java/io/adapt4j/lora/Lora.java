package io.adapt4j.lora;

import io.adapt4j.core.exception.ConfigException;
import io.adapt4j.core.internal.nn.Footprint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.train.LearningRateFactor;
import io.adapt4j.core.train.TaskKind;
import io.adapt4j.core.train.TrainingDefaults;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Low-rank adaptation (Hu et al. 2021): the base stays as it is, and beside each targeted
 * projection W trains an update scale B A of rank r. Saved as a PEFT adapter folder.
 *
 * <p>Defaults: alpha 2 r, so a scale of 2; all linear projections; no dropout; no biases; no other
 * modules. (PEFT's own are r 8, alpha 8 and targets chosen by model family.)
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Lora implements FineTuningMethod {

  private final AdapterConfig config;
  private final Optional<Path> start;
  private final double plusRatio;

  private Lora(AdapterConfig config, Optional<Path> start, double plusRatio) {
    this.config = config;
    this.start = start;
    this.plusRatio = plusRatio;
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
    return new Lora(AdapterConfig.ofRank(rank), Optional.empty(), 1);
  }

  /**
   * Goes on with a stored adapter: its options, ranks by module included, and its values.
   *
   * @param adapter a PEFT folder
   * @return the method
   * @throws ConfigException if {@code adapter_config.json} is missing, malformed or asks for
   *     something unsupported
   */
  public static Lora continuing(Path adapter) {
    return new Lora(PeftFolder.readConfig(adapter), Optional.of(adapter), 1);
  }

  AdapterConfig config() {
    return config;
  }

  /** The learning rate of B over that of A. */
  double plusRatio() {
    return plusRatio;
  }

  @Override
  public Optional<Path> start() {
    return start;
  }

  private Lora with(Consumer<AdapterConfig.Draft> change) {
    return new Lora(config.with(change), start, plusRatio);
  }

  /**
   * Sets the numerator of the scale: alpha / r, or alpha / sqrt(r) with {@link #rankStabilised}.
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
   * Zeroes entries of the updates' input while training. Each adapted projection draws its own
   * mask.
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
    return with(draft -> draft.modules = draft.modules.withTargets(targets));
  }

  /**
   * Chooses which base biases train and are saved with the adapter.
   *
   * @param bias none, all, or those of adapted projections
   * @return a changed copy
   */
  public Lora bias(LoraBias bias) {
    return with(draft -> draft.bias = bias);
  }

  /**
   * Names modules that train in full and are saved with the adapter, such as {@code lm_head}. As in
   * PEFT, a name stands for every module whose path ends with it, a targeted module that is named
   * here gets no update, and naming the output head or the embedding of a model that ties them
   * makes them two: the one named trains, the other keeps the base's values.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Lora modulesToSave(String... modules) {
    SavedModules.requireNames(modules);
    return with(draft -> draft.modulesToSave = List.of(modules));
  }

  /**
   * Scales by alpha / sqrt(r) (Kalajdzievski 2023), which keeps updates of high rank from
   * shrinking.
   *
   * @return a changed copy
   */
  public Lora rankStabilised() {
    return with(draft -> draft.rankStabilised = true);
  }

  /**
   * Trains the length of each output's weights apart from their direction (DoRA, Liu et al. 2024,
   * eq. 5), with the length of the direction held constant in derivatives (section 4.3). A step
   * takes about a third longer than plain LoRA's, and each adapted projection retains its output.
   * Needs a base whose weights are plain.
   *
   * @return a changed copy
   */
  public Lora dora() {
    return with(draft -> draft.dora = true);
  }

  /**
   * Gives every B a bias that trains with it and is scaled as the product is: PEFT's {@code
   * lora_bias}. Merging needs a base layer with a bias. Goes with plain LoRA and its default
   * initial values only.
   *
   * @return a changed copy
   */
  public Lora biasOfB() {
    return with(draft -> draft.biasOfB = true);
  }

  /**
   * Chooses what the factors start from; default {@link LoraInit#KAIMING}.
   *
   * @param initialisation the initial values
   * @return a changed copy
   */
  public Lora initialise(LoraInit initialisation) {
    return with(draft -> draft.initial = initialisation);
  }

  /**
   * Gives some projections a rank of their own.
   *
   * @param modules a regular expression for the end of a module's path, from its start or after a
   *     dot, such as {@code layers.0.self_attn.q_proj} or {@code down_proj}; the first that fits
   *     counts
   * @param rank at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if the rank is below 1 or the expression malformed
   */
  public Lora rankOf(String modules, int rank) {
    requirePattern("rankOf", modules);
    if (rank < 1) {
      throw new IllegalArgumentException("rankOf: expected at least 1, found " + rank);
    }
    return with(draft -> draft.rankPattern.put(modules, rank));
  }

  /**
   * Gives some projections an alpha of their own; their scale divides it by their own rank.
   *
   * @param modules as for {@link #rankOf}
   * @param alpha a positive number
   * @return a changed copy
   * @throws IllegalArgumentException if it is not positive or the expression malformed
   */
  public Lora alphaOf(String modules, double alpha) {
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
   * Leaves out projections that the targets name.
   *
   * @param modules by name or by regular expression
   * @return a changed copy
   * @throws IllegalArgumentException if given all projections
   */
  public Lora exclude(Targets modules) {
    if (modules instanceof Targets.AllLinear) {
      throw new IllegalArgumentException("exclude: expected names or an expression, found all");
    }
    return with(draft -> draft.modules = draft.modules.withExcluded(modules));
  }

  /**
   * Adapts some layers only. Nothing below the lowest of them is differentiated.
   *
   * @param numbers layer numbers from 0; none for all layers
   * @return a changed copy
   * @throws IllegalArgumentException if a number is negative
   */
  public Lora layers(int... numbers) {
    if (Arrays.stream(numbers).anyMatch(number -> number < 0)) {
      throw new IllegalArgumentException(
          "layers: expected numbers from 0, found " + Arrays.toString(numbers));
    }
    List<Integer> layers = Arrays.stream(numbers).boxed().toList();
    return with(
        draft -> draft.modules = draft.modules.withLayers(layers, draft.modules.layersPattern()));
  }

  /**
   * Says what the list of layers is called that {@link #layers} counts; by default any component
   * before a number is one.
   *
   * @param names names such as {@code layers} or {@code h}, as regular expressions
   * @return a changed copy
   * @throws IllegalArgumentException if an expression is malformed
   */
  public Lora layersPattern(String... names) {
    for (String name : names) {
      requirePattern("layersPattern", name);
    }
    return with(
        draft -> draft.modules = draft.modules.withLayers(draft.modules.layers(), List.of(names)));
  }

  /**
   * Multiplies the learning rate of the second factors B (LoRA+, Hayou et al. 2024). The paper
   * advises 16 with a lower base rate than plain LoRA's.
   *
   * @param ratio the learning rate of B over that of A, a positive number
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public Lora plus(double ratio) {
    if (!(ratio > 0 && ratio < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("plus: expected a positive number, found " + ratio);
    }
    return new Lora(config, start, ratio);
  }

  @Override
  public List<LearningRateFactor> rateFactors() {
    return plusRatio == 1 ? List.of() : List.of(new LearningRateFactor("lora_B", plusRatio));
  }

  /** LoRA+ gives B the rate of A times its ratio: their geometric mean stays LoRA's rate. */
  @Override
  public TrainingDefaults defaults(TaskKind task) {
    TrainingDefaults defaults = TrainingDefaults.lowRank(name(), task);
    return plusRatio == 1
        ? defaults
        : defaults.scaledRates(
            name() + " with ratio " + plain(plusRatio), 1 / Math.sqrt(plusRatio));
  }

  private String name() {
    return (config.dora() ? "DoRA" : "LoRA") + (plusRatio == 1 ? "" : "+");
  }

  @Override
  public List<String> questions(Network declared) {
    return AdapterPlan.of(completed(declared), declared).idleRank().stream().toList();
  }

  @Override
  public String description() {
    String scale = config.rankStabilised() ? "alpha/sqrt(r)" : "alpha/r";
    return String.format(
        Locale.ROOT,
        "%s r=%d alpha=%s scale=%s targets=%s",
        name(),
        config.rank(),
        plain(config.alpha()),
        scale,
        config.modules());
  }

  @Override
  public String identity() {
    return description()
        + " dropout="
        + config.dropout()
        + " bias="
        + config.bias()
        + " modulesToSave="
        + config.modulesToSave()
        + " rankPattern="
        + config.rankPattern()
        + " alphaPattern="
        + config.alphaPattern()
        + " init="
        + config.initial().peftName()
        + (config.biasOfB() ? " biasOfB" : "")
        + " plus="
        + plusRatio
        + start.map(folder -> " from " + folder).orElse("");
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    AdapterPlan plan = AdapterPlan.of(completed(declared), declared);
    List<String> problems = new ArrayList<>(plan.problems());
    if (start.isPresent()) {
      return PeftFolder.problems(start.get(), config, plan);
    }
    plan.uselessRank().ifPresent(problems::add);
    if (config.modules().targets() instanceof Targets.Names names && problems.isEmpty()) {
      for (String name : names.names()) {
        boolean used =
            declared.linears().stream()
                .flatMap(slot -> slot.parts().stream())
                .anyMatch(part -> Targets.Names.names(part.path(), name));
        if (!used) {
          problems.add(
              "The LoRA target '"
                  + name
                  + "' matches no projection; "
                  + AdapterPlan.choices(declared)
                  + ".");
        }
      }
    }
    if (SavedModules.lacksTokenHead(declared)) {
      problems.add(SavedModules.NO_TOKEN_HEAD);
    }
    if (config.modules().targets() instanceof Targets.Regex
        && !config.modules().layers().isEmpty()) {
      problems.add(
          "The LoRA targets are a regular expression, beside which PEFT knows no layers; put the"
              + " layers into the expression.");
    }
    if (config.modules().layers().isEmpty() && !config.modules().layersPattern().isEmpty()) {
      problems.add("layersPattern is given without layers; give the layers' numbers too.");
    }
    for (String module : SavedModules.unknown(config.modulesToSave(), declared)) {
      problems.add(SavedModules.unknownModule(module));
    }
    return List.copyOf(problems);
  }

  @Override
  public long trainableParameters(Network declared) {
    return AdapterPlan.of(completed(declared), declared).trainableParameters();
  }

  @Override
  public Footprint footprint(Network declared) {
    return AdapterPlan.of(completed(declared), declared).footprint(declared, config.dropout() > 0);
  }

  /**
   * Says how much trains, such as {@code 3,584 of 81,984 parameters (4.3716 %)}; the ratio is to
   * the base model.
   *
   * @param declared the model's structure
   * @return the text
   */
  public String trainableSummary(Network declared) {
    long trainable = trainableParameters(declared);
    long all = declared.parameterCount();
    return String.format(
        Locale.ROOT, "%,d of %,d parameters (%.4f %%)", trainable, all, 100.0 * trainable / all);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    AdapterConfig own = completed(network);
    LoraModel model = LoraModel.attach(network, AdapterPlan.of(own, network), own);
    try {
      model.train();
      LoraTraining training = new LoraTraining(model, own, base);
      if (start.isPresent()) {
        training.restore(start.get());
      } else {
        model.initialise(config.initial(), seed);
      }
      return training;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** These options with the output layers that train in full; a stored adapter names its own. */
  private AdapterConfig completed(Network network) {
    return start.isPresent()
        ? config
        : config.with(
            draft -> draft.modulesToSave = SavedModules.withOutput(draft.modulesToSave, network));
  }
}
