package io.adapt4j.lora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.CheckpointException;
import io.adapt4j.core.config.ConfigException;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.FineTuningMethod;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  private Lora(AdapterConfig config, Optional<Path> start) {
    this.config = config;
    this.start = start;
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
    return new Lora(AdapterConfig.ofRank(rank), Optional.empty());
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
    return new Lora(PeftFolder.readConfig(adapter), Optional.of(adapter));
  }

  AdapterConfig config() {
    return config;
  }

  @Override
  public Optional<Path> start() {
    return start;
  }

  private Lora with(AdapterConfig changed) {
    return new Lora(changed, start);
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
    return with(config.withAlpha(alpha));
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
    return with(config.withDropout(probability));
  }

  /**
   * Chooses the adapted projections.
   *
   * @param targets all, by name, or by regular expression
   * @return a changed copy
   */
  public Lora targets(Targets targets) {
    return with(config.withTargets(targets));
  }

  /**
   * Chooses which base biases train and are saved with the adapter.
   *
   * @param bias none, all, or those of adapted projections
   * @return a changed copy
   */
  public Lora bias(LoraBias bias) {
    return with(config.withBias(bias));
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
    for (String module : modules) {
      if (module.isBlank()) {
        throw new IllegalArgumentException("modulesToSave: expected module names, found a blank");
      }
    }
    return with(config.withModulesToSave(List.of(modules)));
  }

  /**
   * Scales by alpha / sqrt(r) (Kalajdzievski 2023), which keeps updates of high rank from
   * shrinking.
   *
   * @return a changed copy
   */
  public Lora rankStabilised() {
    return with(config.withRankStabilised(true));
  }

  @Override
  public String description() {
    String scale = config.rankStabilised() ? "alpha/sqrt(r)" : "alpha/r";
    return String.format(
        Locale.ROOT,
        "LoRA r=%d alpha=%s scale=%s targets=%s",
        config.rank(),
        plain(config.alpha()),
        scale,
        config.targets());
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
        + start.map(folder -> " from " + folder).orElse("");
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    AdapterPlan plan = AdapterPlan.of(config, declared);
    List<String> problems = new ArrayList<>(plan.problems());
    if (start.isPresent()) {
      return PeftFolder.problems(start.get(), config, plan);
    }
    if (config.targets() instanceof Targets.Names names && problems.isEmpty()) {
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
    for (String module : AdapterPlan.unknownModules(config, declared)) {
      problems.add(
          "The module to save '"
              + module
              + "' is not in this model; name a module such as lm_head, embed_tokens or norm.");
    }
    return List.copyOf(problems);
  }

  @Override
  public long trainableParameters(Network declared) {
    return AdapterPlan.of(config, declared).trainableParameters();
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
    LoraModel model = LoraModel.attach(network, AdapterPlan.of(config, network), config.dropout());
    try {
      model.train();
      Training training = new Training(model, config, base);
      if (start.isPresent()) {
        training.restore(start.get());
      } else {
        model.initialise(seed);
      }
      return training;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private record Training(LoraModel model, AdapterConfig config, Path base) implements Adaptation {

    @Override
    public List<Trained> trained() {
      return model.trained();
    }

    @Override
    public void refresh() {
      model.refresh();
    }

    @Override
    public void save(Path folder) {
      PeftFolder.write(folder, config, model.plan(), base.toString(), model.tensors());
    }

    @Override
    public void restore(Path folder) {
      AdapterConfig stored = PeftFolder.readConfig(folder);
      AdapterPlan plan = model.planOf(stored);
      List<String> problems = PeftFolder.problems(folder, stored, plan);
      if (!problems.isEmpty()) {
        throw new CheckpointException(String.join("\n", problems));
      }
      if (!plan.sameAs(model.plan())) {
        throw new CheckpointException(
            folder
                + ": this adapter has other ranks, scales, targets, biases or modules to save than"
                + " the method it is restored into. Use Lora.continuing(folder) to take them over.");
      }
      try (Checkpoint weights = PeftFolder.openWeights(folder)) {
        model.load(weights);
      }
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
