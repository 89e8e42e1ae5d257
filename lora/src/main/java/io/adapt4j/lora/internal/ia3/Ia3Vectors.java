package io.adapt4j.lora.internal.ia3;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.PeftTargets;
import io.adapt4j.lora.internal.peft.Selection;
import io.adapt4j.lora.internal.projection.ProjectionConfig;
import io.adapt4j.lora.internal.projection.ProjectionKind;
import io.adapt4j.lora.internal.projection.ProjectionLayer;
import io.adapt4j.lora.internal.projection.Site;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kind (IA)3 (Liu et al. 2022). */
public final class Ia3Vectors implements ProjectionKind {

  public static final ProjectionKind KIND = new Ia3Vectors();

  private static final String FEEDFORWARD = "feedforward_modules";

  /** PEFT's default names, the feedforward module last; the first whose modules all exist. */
  private static final List<List<String>> CHOICES =
      List.of(
          List.of("k_proj", "v_proj", "down_proj"),
          List.of("c_attn", "mlp.c_proj"),
          List.of("query_key_value", "dense_4h_to_h"),
          List.of("key", "value", "output.dense"));

  private Ia3Vectors() {}

  @Override
  public String name() {
    return "(IA)3";
  }

  @Override
  public String type() {
    return "IA3";
  }

  @Override
  public String tensor() {
    return "ia3_l";
  }

  @Override
  public String tensors() {
    return "(IA)3 vectors";
  }

  @Override
  public ObjectNode defaults() {
    return JsonNodeFactory.instance
        .objectNode()
        .putNull("exclude_modules")
        .putNull(FEEDFORWARD)
        .put("init_ia3_weights", true)
        .put("fan_in_fan_out", false);
  }

  @Override
  public Set<String> selecting() {
    return Set.of();
  }

  @Override
  public Optional<String> version() {
    return Optional.empty();
  }

  @Override
  public void requireReadable(ConfigReader fields) {
    PeftTargets.read(fields, FEEDFORWARD);
  }

  @Override
  public Optional<Refusal> refusal(ProjectionConfig config) {
    return Optional.empty();
  }

  /** Returns a configuration with other modules. */
  public static ProjectionConfig choose(
      ProjectionConfig config, PeftTargets targets, PeftTargets feedforward) {
    ObjectNode changed = JsonNodeFactory.instance.objectNode();
    changed.set(FEEDFORWARD, feedforward.json());
    return config.withModules(Selection.of(targets)).with(changed);
  }

  /** Returns the modules scaled at their input; empty if PEFT's default modules are adapted. */
  public static Optional<PeftTargets> feedforward(ProjectionConfig config) {
    return PeftTargets.of(config.options().path(FEEDFORWARD));
  }

  @Override
  public boolean scalesInput(ProjectionConfig config, Site site) {
    return feedforward(config).filter(modules -> modules.matches(site.path())).isPresent();
  }

  /** Chooses PEFT's modules; the first choice if none fits, so that the problem is reported. */
  @Override
  public ProjectionConfig completed(ProjectionConfig config, Network network) {
    if (feedforward(config).isPresent()) {
      return config;
    }
    Set<String> paths =
        network.allLinears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::path)
            .collect(Collectors.toSet());
    List<String> names =
        CHOICES.stream()
            .filter(choice -> choice.stream().allMatch(name -> isAny(paths.stream(), name)))
            .findFirst()
            .orElse(CHOICES.get(0));
    return choose(
        config,
        PeftTargets.names(names),
        PeftTargets.names(names.subList(names.size() - 1, names.size())));
  }

  private static boolean isAny(Stream<String> paths, String name) {
    return paths.anyMatch(path -> PeftNames.names(path, name));
  }

  @Override
  public String identity(ProjectionConfig config) {
    return description(config)
        + feedforward(config).map(targets -> " feedforward=" + targets).orElse("")
        + (config.modulesToSave().isEmpty() ? "" : " modulesToSave=" + config.modulesToSave());
  }

  /** Returns the name, and the targets where they are chosen. */
  public static String description(ProjectionConfig config) {
    return KIND.name() + (feedforward(config).isEmpty() ? "" : " targets=" + config.modules());
  }

  @Override
  public Optional<String> problem(ProjectionConfig config, Site site) {
    return scalesInput(config, site) && !site.alone()
        ? Optional.of(
            site.path()
                + " shares its input with other projections, so (IA)3 cannot scale it; leave"
                + " it out of the feedforward modules.")
        : Optional.empty();
  }

  @Override
  public List<Long> shape(ProjectionConfig config, Site site) {
    return scalesInput(config, site) ? List.of(1L, site.in()) : List.of(site.width(), 1L);
  }

  @Override
  public boolean adaptsTransposed() {
    return true;
  }

  @Override
  public boolean adaptsAnywhere() {
    return true;
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.scaling(name(), task);
  }

  @Override
  public Optional<ProjectionLayer> layer(ProjectionConfig config, Linear base, List<Site> sites) {
    return Optional.of(new Ia3Linear(base, config, sites));
  }
}
